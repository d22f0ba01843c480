//! What the test programs share. The tests themselves are the files beside this one.
