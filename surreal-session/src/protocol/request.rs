//! Requests: the envelope, the parameters and the bound values, written once into one buffer.

use bytes::Bytes;
use serde::Serialize;

use super::{Feature, LiveId, Operation, RequestId, ServerVersion, SessionId, TransactionId};
use crate::codec::reader::Reader;
use crate::codec::{self, EncodeError, Header, writer};

/// A finished request: its id, its name in messages, and the bytes of its frame.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) id: RequestId,
    pub(crate) operation: Operation,
    pub(crate) frame: Bytes,
    /// Set if it may be sent again when its link was lost: it only reads.
    pub(crate) is_repeatable: bool,
    /// What the server must support; otherwise it is not sent.
    pub(crate) needs: Option<Feature>,
    /// The place of the first parameter in the frame, which is the text of a `query`.
    params_at: usize,
    hints: Vec<IndexHint>,
}

/// A place behind a table in a text, where `WITH NOINDEX` belongs if the server does not have these indexes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IndexHint {
    pub(crate) at: usize,
    pub(crate) needs: Feature,
}

impl Request {
    /// The same request, which may be sent again when its link was lost.
    pub(crate) fn repeatable(self, is_repeatable: bool) -> Self {
        Self { is_repeatable, ..self }
    }

    /// The same request, which is sent only to a server with this feature.
    pub(crate) fn needing(self, needs: Option<Feature>) -> Self {
        Self { needs, ..self }
    }

    /// The same request with these hints, in ascending order.
    pub(crate) fn hinted(self, hints: Vec<IndexHint>) -> Self {
        Self { hints, ..self }
    }

    /// Returns true if it depends on the server which indexes it may use.
    pub(crate) fn has_hints(&self) -> bool {
        !self.hints.is_empty()
    }

    /// The same request, without the indexes that a server of this version lacks.
    pub(crate) fn for_server(self, version: &ServerVersion) -> Self {
        let mut hints = self.hints.iter().filter(|hint| !version.supports(hint.needs)).peekable();
        if hints.peek().is_none() {
            return self;
        }
        let (envelope, params) = self.frame.split_at(self.params_at);
        let mut reader = Reader::new(params);
        let Ok(text) = reader.text() else { return self };
        let mut parts = Vec::new();
        let mut from = 0;
        for hint in hints {
            parts.extend([&text[from..hint.at], NO_INDEX]);
            from = hint.at;
        }
        parts.push(&text[from..]);
        let mut buffer = envelope.to_vec();
        writer::text(&mut buffer, &parts.concat());
        buffer.extend_from_slice(reader.rest());
        Self { frame: buffer.into(), hints: Vec::new(), ..self }
    }

    /// The same request with another entry in its envelope, whose value `write` adds.
    pub(crate) fn with_entry(self, key: &str, write: impl FnOnce(&mut Vec<u8>)) -> Self {
        // The envelope is a map of at most five entries, whose number is a part of the first byte.
        let Some((first, rest)) = self.frame.split_first() else { return self };
        let mut buffer = Vec::with_capacity(self.frame.len() + ENTRY_BYTES);
        buffer.push(first + 1);
        buffer.extend_from_slice(rest);
        writer::text(&mut buffer, key);
        write(&mut buffer);
        Self { frame: buffer.into(), ..self }
    }

    /// Opens a session under an id of the client's choice.
    pub(crate) fn attach(id: RequestId, session: SessionId) -> Self {
        RequestWriter::new(id, "attach".into(), Some(session), None).finish()
    }

    /// Closes a session. One that the server does not know is no error to it (3.3.5).
    pub(crate) fn detach(id: RequestId, session: SessionId) -> Self {
        RequestWriter::new(id, "detach".into(), Some(session), None).finish()
    }

    /// Rolls a transaction back. The server (3.3.5) wants a uuid, and does not look at the session.
    pub(crate) fn cancel(id: RequestId, transaction: TransactionId) -> Self {
        RequestWriter::new(id, "cancel".into(), None, None).uuid(transaction.as_uuid()).finish()
    }

    /// Stops the streamed reply to a request, which ends with an error then.
    pub(crate) fn stop_stream(id: RequestId, stream: RequestId) -> Self {
        let mut writer = RequestWriter::new(id, "query_cancel".into(), None, None);
        writer::integer(&mut writer.buffer, stream.0);
        writer.finish()
    }

    /// Ends a live query; the session is left out for the connection's default session.
    pub(crate) fn kill(id: RequestId, session: Option<SessionId>, live: LiveId) -> Self {
        RequestWriter::new(id, "kill".into(), session, None).uuid(live.as_uuid()).finish()
    }
}

/// A request that is being written. The parameters follow in the order of the calls.
#[derive(Debug)]
pub(crate) struct RequestWriter {
    id: RequestId,
    operation: Operation,
    buffer: Vec<u8>,
    /// The place of the first parameter in the buffer.
    params_at: usize,
}

impl RequestWriter {
    /// Starts a request; the session is left out for the connection's default session, the transaction for what runs in
    /// none. Only `query` runs in one: other methods ignore it, some of them silently (3.3.5).
    pub(crate) fn new(
        id: RequestId,
        operation: Operation,
        session: Option<SessionId>,
        transaction: Option<TransactionId>,
    ) -> Self {
        let mut buffer = Vec::with_capacity(INITIAL_BYTES);
        writer::map(&mut buffer, 3 + usize::from(session.is_some()) + usize::from(transaction.is_some()));
        writer::text(&mut buffer, "id");
        writer::integer(&mut buffer, id.0);
        writer::text(&mut buffer, "method");
        writer::text(&mut buffer, operation.method());
        if let Some(session) = session {
            writer::text(&mut buffer, "session");
            writer::uuid(&mut buffer, session.as_uuid());
        }
        if let Some(transaction) = transaction {
            writer::text(&mut buffer, "txn");
            writer::uuid(&mut buffer, transaction.as_uuid());
        }
        writer::text(&mut buffer, "params");
        writer::begin_array(&mut buffer);
        let params_at = buffer.len();
        Self { id, operation, buffer, params_at }
    }

    /// Makes room for about this number of bytes, so that the frame is not moved while it grows.
    pub(crate) fn reserve(mut self, bytes: usize) -> Self {
        self.buffer.reserve(bytes);
        self
    }

    pub(crate) fn text(mut self, text: &str) -> Self {
        writer::text(&mut self.buffer, text);
        self
    }

    pub(crate) fn uuid(mut self, uuid: &uuid::Uuid) -> Self {
        writer::uuid(&mut self.buffer, uuid);
        self
    }

    pub(crate) fn value<T: Serialize + ?Sized>(mut self, value: &T) -> Result<Self, EncodeError> {
        codec::encode_into(&mut self.buffer, value)?;
        Ok(self)
    }

    /// Opens the map of bound values; [`bind`](Self::bind) adds to it, [`finish`](Self::finish) closes it.
    pub(crate) fn bindings(mut self) -> BindingsWriter {
        writer::begin_map(&mut self.buffer);
        BindingsWriter(self)
    }

    pub(crate) fn raw(mut self, item: &[u8]) -> Self {
        writer::raw(&mut self.buffer, item);
        self
    }

    pub(crate) fn finish(mut self) -> Request {
        writer::end(&mut self.buffer);
        Request {
            id: self.id,
            operation: self.operation,
            frame: self.buffer.into(),
            is_repeatable: false,
            needs: None,
            params_at: self.params_at,
            hints: Vec::new(),
        }
    }
}

/// The last parameter of a `query` request: its bound values by name.
#[derive(Debug)]
pub(crate) struct BindingsWriter(RequestWriter);

impl BindingsWriter {
    /// Adds a value. On an error the request is as it was.
    pub(crate) fn bind<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), EncodeError> {
        let buffer = &mut self.0.buffer;
        let before = buffer.len();
        writer::text(buffer, name);
        codec::encode_into(buffer, value).inspect_err(|_| buffer.truncate(before))
    }

    /// Adds a value that is encoded already.
    pub(crate) fn bind_raw(&mut self, name: &str, item: &[u8]) {
        writer::text(&mut self.0.buffer, name);
        writer::raw(&mut self.0.buffer, item);
    }

    /// Adds an array of encoded values.
    pub(crate) fn bind_array(&mut self, name: &str, length: usize, values: &[u8]) {
        writer::text(&mut self.0.buffer, name);
        writer::push(&mut self.0.buffer, Header::Array(Some(length)));
        writer::raw(&mut self.0.buffer, values);
    }

    /// The name of the request.
    pub(crate) fn operation(&self) -> &Operation {
        &self.0.operation
    }

    /// The same parameters in another request, which has none yet.
    pub(crate) fn moved_to(self, mut writer: RequestWriter) -> Self {
        writer.buffer.extend_from_slice(&self.0.buffer[self.0.params_at..]);
        Self(writer)
    }

    pub(crate) fn len_bytes(&self) -> usize {
        self.0.buffer.len()
    }

    pub(crate) fn finish(mut self) -> Request {
        writer::end(&mut self.0.buffer);
        self.0.finish()
    }
}

/// The clause by which a statement uses no index, after its table.
const NO_INDEX: &str = " WITH NOINDEX";

/// Holds a trace context.
const ENTRY_BYTES: usize = 96;

/// Holds the envelope, a short statement and a small record without growing.
const INITIAL_BYTES: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    #[test]
    fn servers_get_no_index_that_they_lack() {
        let text = "SELECT * FROM $_0 WHERE a = $_1; SELECT * FROM $_0 ORDER BY a";
        let at = |part: &str| text.find(part).unwrap();
        let hints = vec![
            IndexHint { at: at(" WHERE"), needs: Feature::CompoundIndexes },
            IndexHint { at: at(" ORDER"), needs: Feature::Indexes },
        ];
        for (version, first, second) in [("3.0.5", NO_INDEX, NO_INDEX), ("3.2.6", "", NO_INDEX), ("3.3.5", "", "")] {
            let mut bindings = RequestWriter::new(RequestId(7), "query".into(), None, None).text(text).bindings();
            bindings.bind("_1", &1).unwrap();
            let request = bindings.finish().hinted(hints.clone()).for_server(&version.parse().unwrap());
            let sent: Value = codec::decode(&request.frame).unwrap();
            let expected = format!("SELECT * FROM $_0{first} WHERE a = $_1; SELECT * FROM $_0{second} ORDER BY a");
            assert_eq!(sent.to_string(), format!("{{ id: 7, method: 'query', params: ['{expected}', {{ _1: 1 }}] }}"));
        }
    }
}
