//! Serializable values as Python objects: instants become seconds, not finite numbers stay numbers, the rest is as in JSON.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};
use pyo3::{IntoPyObjectExt, PyErr};
use serde::ser::{self, Serialize};
use std::fmt::Display;

/// The Python object that `value` serializes to.
pub(crate) fn to_python<'py>(py: Python<'py>, value: &impl Serialize) -> PyResult<Bound<'py, PyAny>> {
    value.serialize(Serializer(py)).map_err(|Failure(e)| e)
}

#[derive(Debug)]
pub(crate) struct Failure(PyErr);

impl Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Display::fmt(&self.0, f)
    }
}

impl std::error::Error for Failure {}

impl ser::Error for Failure {
    fn custom<T: Display>(msg: T) -> Self {
        Self(PyTypeError::new_err(msg.to_string()))
    }
}

impl From<PyErr> for Failure {
    fn from(e: PyErr) -> Self {
        Self(e)
    }
}

type Made<'py> = Result<Bound<'py, PyAny>, Failure>;

#[derive(Clone, Copy)]
struct Serializer<'py>(Python<'py>);

macro_rules! plain {
    ($($method:ident($type:ty)),* $(,)?) => {$(
        fn $method(self, v: $type) -> Made<'py> {
            Ok(v.into_bound_py_any(self.0)?)
        }
    )*};
}

impl<'py> ser::Serializer for Serializer<'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Failure;
    type SerializeSeq = List<'py>;
    type SerializeTuple = List<'py>;
    type SerializeTupleStruct = List<'py>;
    type SerializeTupleVariant = Wrapped<'py, List<'py>>;
    type SerializeMap = Dict<'py>;
    type SerializeStruct = Dict<'py>;
    type SerializeStructVariant = Wrapped<'py, Dict<'py>>;

    plain! {
        serialize_bool(bool), serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64),
        serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64), serialize_f32(f32),
        serialize_f64(f64), serialize_char(char), serialize_str(&str), serialize_bytes(&[u8]),
    }

    /// Numbers that text formats cannot hold come as they are.
    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_none(self) -> Made<'py> {
        Ok(self.0.None().into_bound(self.0))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Made<'py> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Made<'py> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Made<'py> {
        self.serialize_none()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Made<'py> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Made<'py> {
        let inner = value.serialize(self)?;
        if name == "Timestamp" {
            return Ok(inner.div(1_000)?);
        }
        Ok(inner)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Made<'py> {
        wrapped(self.0, variant, &value.serialize(self)?)
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<List<'py>, Failure> {
        Ok(List(PyList::empty(self.0)))
    }

    fn serialize_tuple(self, _len: usize) -> Result<List<'py>, Failure> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<List<'py>, Failure> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Wrapped<'py, List<'py>>, Failure> {
        Ok(Wrapped { variant, inner: List(PyList::empty(self.0)), py: self.0 })
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Dict<'py>, Failure> {
        Ok(Dict { fields: PyDict::new(self.0), key: None })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Dict<'py>, Failure> {
        self.serialize_map(None)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Wrapped<'py, Dict<'py>>, Failure> {
        Ok(Wrapped { variant, inner: Dict { fields: PyDict::new(self.0), key: None }, py: self.0 })
    }
}

fn wrapped<'py>(py: Python<'py>, variant: &str, value: &Bound<'py, PyAny>) -> Made<'py> {
    let outer = PyDict::new(py);
    outer.set_item(variant, value)?;
    Ok(outer.into_any())
}

struct List<'py>(Bound<'py, PyList>);

impl<'py> List<'py> {
    fn push<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), Failure> {
        Ok(self.0.append(value.serialize(Serializer(self.0.py()))?)?)
    }
}

struct Dict<'py> {
    fields: Bound<'py, PyDict>,
    key: Option<Bound<'py, PyAny>>,
}

impl<'py> Dict<'py> {
    fn put<T: Serialize + ?Sized>(&self, key: impl IntoPyObject<'py>, value: &T) -> Result<(), Failure> {
        let py = self.fields.py();
        Ok(self.fields.set_item(key.into_bound_py_any(py)?, value.serialize(Serializer(py))?)?)
    }
}

struct Wrapped<'py, T> {
    variant: &'static str,
    inner: T,
    py: Python<'py>,
}

macro_rules! sequences {
    ($($trait:ident::$method:ident),*) => {$(
        impl<'py> ser::$trait for List<'py> {
            type Ok = Bound<'py, PyAny>;
            type Error = Failure;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
                self.push(value)
            }
            fn end(self) -> Made<'py> {
                Ok(self.0.into_any())
            }
        }
    )*};
}

sequences!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field
);

impl<'py> ser::SerializeTupleVariant for Wrapped<'py, List<'py>> {
    type Ok = Bound<'py, PyAny>;
    type Error = Failure;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        self.inner.push(value)
    }
    fn end(self) -> Made<'py> {
        wrapped(self.py, self.variant, &self.inner.0)
    }
}

impl<'py> ser::SerializeMap for Dict<'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Failure;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Failure> {
        self.key = Some(key.serialize(Serializer(self.fields.py()))?);
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        let key = self.key.take();
        self.put(key, value)
    }
    fn end(self) -> Made<'py> {
        Ok(self.fields.into_any())
    }
}

impl<'py> ser::SerializeStruct for Dict<'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Failure;
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Failure> {
        self.put(PyString::intern(self.fields.py(), key), value)
    }
    fn end(self) -> Made<'py> {
        Ok(self.fields.into_any())
    }
}

impl<'py> ser::SerializeStructVariant for Wrapped<'py, Dict<'py>> {
    type Ok = Bound<'py, PyAny>;
    type Error = Failure;
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Failure> {
        self.inner.put(PyString::intern(self.py, key), value)
    }
    fn end(self) -> Made<'py> {
        wrapped(self.py, self.variant, &self.inner.fields)
    }
}
