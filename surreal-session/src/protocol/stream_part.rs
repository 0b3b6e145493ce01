//! The parts of a streamed reply to a `query_stream` request (server 3.3.5).
//!
//! A streamed reply begins with `begin`, has `rows` or a `value` and then `finished` for each statement, and ends with `end`.
//! An ordinary failure ends it as well. Unknown parts are left out.

use bytes::Bytes;

use super::reply::read_server_error;
use crate::codec::reader::{MapEntries, Reader};
use crate::codec::{self, DecodeError};
use crate::error::ServerError;

/// A part of a streamed reply.
#[derive(Debug)]
pub(crate) enum StreamPart {
    /// Rows of the statement with this index, as an array.
    Rows(usize, Bytes),
    /// The result of a statement that has no rows.
    Value(usize, Bytes),
    /// The end of a statement. If it failed, its rows are void.
    Finished(usize, Option<ServerError>),
    /// The end of the reply. If it failed, the statements that are not finished are void.
    End(Option<ServerError>),
    /// A part that holds no rows.
    Other,
}

impl StreamPart {
    /// Returns true for a frame after which others follow.
    pub(crate) fn continues(frame: &[u8]) -> bool {
        Self::tag(frame).ok().flatten().is_some_and(|tag| tag != "end")
    }

    /// The name of the part, if the frame is one.
    fn tag(frame: &[u8]) -> Result<Option<String>, DecodeError> {
        let mut reader = Reader::new(frame);
        let mut entries = MapEntries::of(&mut reader)?;
        while let Some(key) = entries.next(&mut reader)? {
            if key != "result" {
                reader.skip()?;
                continue;
            }
            let Ok(mut parts) = MapEntries::of(&mut reader) else { return Ok(None) };
            while let Some(key) = parts.next(&mut reader)? {
                if key == "stream" {
                    return codec::decode(reader.skip()?).map(Some);
                }
                reader.skip()?;
            }
            return Ok(None);
        }
        Ok(None)
    }

    /// Reads the result of a frame.
    pub(crate) fn read(result: &Bytes) -> Result<Self, DecodeError> {
        let (mut tag, mut index, mut rows, mut value, mut error) = (String::new(), 0, None, None, None);
        let mut reader = Reader::new(result);
        let mut entries = MapEntries::of(&mut reader)?;
        while let Some(key) = entries.next(&mut reader)? {
            let item = reader.skip()?;
            match &*key {
                "stream" => tag = codec::decode(item)?,
                "index" => index = codec::decode(item)?,
                "values" => rows = Some(result.slice_ref(item)),
                "value" => value = Some(result.slice_ref(item)),
                "error" => error = Some(read_server_error(item)?),
                _ => {}
            }
        }
        Ok(match (&*tag, rows, value) {
            ("rows", Some(rows), _) => Self::Rows(index, rows),
            ("value", _, Some(value)) => Self::Value(index, value),
            ("finished", ..) => Self::Finished(index, error),
            ("end", ..) => Self::End(error),
            _ => Self::Other,
        })
    }
}
