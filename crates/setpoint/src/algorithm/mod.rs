//! One wing per system. No wing imports another.
