//! What a session is made from, and what is known of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize, Serializer};

use super::auth::{self, Facts, IdentitySource};
use crate::codec;
use crate::connection::{Deadline, Link};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{Feature, Request, RequestWriter};
use crate::value::Null;

/// The parts from which a session is made on a link, in this order: its identity, its namespace and database, its variables.
#[derive(Debug, Clone, Default)]
pub(super) struct Recipe {
    pub(super) identity: Identity,
    pub(super) selection: Choices,
    /// By name; the values as they were sent.
    pub(super) variables: Variables,
}

#[derive(Debug, Clone, Default)]
pub(super) enum Identity {
    #[default]
    Anonymous,
    Proved(IdentitySource),
}

/// The namespace and database of a recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Choices {
    /// Those that the server has confirmed.
    Confirmed(Selection),
    /// Those that are chosen after the identity has brought its own.
    Wanted(UseRequest),
}

/// A change of the selected namespace and database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct UseRequest {
    pub(super) namespace: Choice,
    pub(super) database: Choice,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Choice {
    #[default]
    Keep,
    Unset,
    Select(String),
}

/// The selected namespace and database of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
pub(super) struct Selection {
    pub(super) namespace: Option<String>,
    pub(super) database: Option<String>,
}

/// The values of variables, which may be secrets, by name.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Variables(pub(super) BTreeMap<String, Bytes>);

/// The session as the server last confirmed it, and notes about the parts that are not known.
///
/// Nothing is written here before a reply. A session that is opened again on another link is made from the recipe, so that
/// everything is known of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Confirmed {
    pub(super) recipe: Recipe,
    pub(super) doubts: Doubts,
    /// The identity by the server's view; `None` for a session that is not signed in, and if the server did not say.
    pub(super) facts: Option<Facts>,
    /// The number of times that the identity was proved.
    pub(super) proofs: u64,
    /// The number of times that the program has signed the session in.
    pub(super) signins: u64,
    /// The number of changes of the recipe.
    pub(super) version: u64,
}

/// The parts of a session that may be other than its recipe says, on the link where it is.
#[derive(Debug, Clone, Default)]
pub(super) struct Doubts {
    pub(super) identity: bool,
    pub(super) selection: bool,
    /// The names of variables.
    pub(super) variables: BTreeSet<String>,
}

impl Default for Choices {
    fn default() -> Self {
        Self::Confirmed(Selection::default())
    }
}

impl Choices {
    /// The names to select after the session was opened with an identity, or anonymously.
    pub(super) fn to_request(&self, identity: &Identity) -> UseRequest {
        match self {
            Self::Wanted(request) => request.clone(),
            Self::Confirmed(selection) => {
                // An identity brings its own namespace and database with it, which the session may have left.
                let absent = if matches!(identity, Identity::Proved(_)) { Choice::Unset } else { Choice::Keep };
                let choice = |name: &Option<String>| name.clone().map_or_else(|| absent.clone(), Choice::Select);
                UseRequest { namespace: choice(&selection.namespace), database: choice(&selection.database) }
            }
        }
    }
}

impl UseRequest {
    pub(super) fn namespace(name: String) -> Self {
        Self { namespace: Choice::Select(name), ..Self::default() }
    }

    pub(super) fn database(name: String) -> Self {
        Self { database: Choice::Select(name), ..Self::default() }
    }

    pub(super) fn without_namespace() -> Self {
        Self { namespace: Choice::Unset, database: Choice::Unset }
    }

    pub(super) fn without_database() -> Self {
        Self { database: Choice::Unset, ..Self::default() }
    }

    /// Finishes a `use` request.
    pub(super) fn write(&self, request: RequestWriter) -> Result<Request> {
        Ok(request.value(&self.namespace)?.value(&self.database)?.finish())
    }

    /// Fails if it leaves the namespace or the database that an identity belongs to, and the server would let it.
    pub(super) async fn check_place(&self, identity: &auth::Identity, link: &Link, deadline: Deadline) -> Result<()> {
        let leaves = |own: &Option<String>, choice: &Choice| match (own, choice) {
            (Some(own), Choice::Select(other)) => own != other,
            (Some(_), Choice::Unset) => true,
            (Some(_), Choice::Keep) | (None, _) => false,
        };
        let parts =
            [("namespace", &identity.namespace, &self.namespace), ("database", &identity.database, &self.database)];
        let Some((part, ..)) = parts.into_iter().find(|(_, own, choice)| leaves(own, choice)) else { return Ok(()) };
        if link.version(deadline).await?.supports(Feature::ConfinedUsers) {
            return Ok(());
        }
        let message = format!(
            "the identity has no permission to change to the other {part}: it belongs to its own, and this server does not hold it \
             there as later ones do"
        );
        Err(Error::new(ErrorKind::Auth, message))
    }

    /// Says what the server's refusal to leave a database means.
    pub(super) fn explain(error: Error) -> Error {
        if error.server().is_some_and(|server| server.message() == NO_DATABASE) {
            return error.in_context("the identity is bound to its database and cannot leave it");
        }
        error
    }
}

/// As the method `use` has it: NONE leaves a name unchanged, NULL unsets it.
impl Serialize for Choice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep => serializer.serialize_none(),
            Self::Unset => Null.serialize(serializer),
            Self::Select(name) => serializer.serialize_str(name),
        }
    }
}

impl Selection {
    pub(super) fn read(reply: &[u8]) -> Result<Self> {
        let unreadable = "the reply to `use` names no namespace and database";
        codec::decode(reply).map_err(|error| Error::protocol(unreadable).with_source(error))
    }
}

impl Confirmed {
    /// The selected namespace and database; without any while they are not known.
    pub(super) fn selection(&self) -> Selection {
        match &self.recipe.selection {
            Choices::Confirmed(selection) if !self.doubts.selection => selection.clone(),
            _ => Selection::default(),
        }
    }

    /// Returns true if the server may have another namespace and database selected than it last confirmed.
    pub(super) fn is_moved(&self) -> bool {
        self.doubts.selection || matches!(self.recipe.selection, Choices::Wanted(_))
    }

    /// Notes the selection that the server has confirmed.
    pub(super) fn select(&mut self, selection: Selection) {
        self.recipe.selection = Choices::Confirmed(selection);
        self.doubts.selection = false;
    }

    /// Notes an identity that the server has confirmed. It brings its own namespace and database with it.
    pub(super) fn identify(&mut self, source: IdentitySource) {
        self.recipe.identity = Identity::Proved(source);
        self.signins += 1;
        self.recipe.selection = Choices::Wanted(UseRequest::default());
        (self.doubts.identity, self.doubts.selection) = (false, false);
        self.facts = None;
    }

    /// Notes the server's view of an identity that was proved.
    pub(super) fn note(&mut self, facts: Facts) {
        let (namespace, database) = (facts.namespace.clone(), facts.database.clone());
        self.select(Selection { namespace, database });
        self.facts = Some(facts);
        self.proofs += 1;
    }

    /// The identity, as the server last confirmed it.
    pub(super) fn identity(&self) -> auth::Identity {
        match (&self.recipe.identity, &self.facts) {
            _ if self.doubts.identity => auth::Identity::unknown(),
            (Identity::Anonymous, _) => auth::Identity::anonymous(),
            (Identity::Proved(_), Some(facts)) => facts.identity.clone(),
            (Identity::Proved(_), None) => auth::Identity::unknown(),
        }
    }

    /// Fails if the identity that was proved is another one than before.
    pub(super) fn check_identity(&self, now: &Facts) -> Result<()> {
        let Some(before) = self.facts.as_ref().filter(|before| !before.identity.is_same(&now.identity)) else {
            return Ok(());
        };
        let (before, now) = (before.identity.described(), now.identity.described());
        let message = format!("the session was signed in as {before}, and its identity now proves to be {now}");
        Err(Error::new(ErrorKind::IdentityChanged, message).answered())
    }

    /// Fails if this cannot be copied, because a part of it is not known.
    pub(super) fn check_known(&self) -> Result<()> {
        if self.doubts.identity {
            let message = "cannot fork: no readable reply came to a change of the session's identity, so it is unknown; \
                sign in again, or call `invalidate`";
            return Err(Error::new(ErrorKind::Protocol, message));
        }
        if let Some(name) = self.doubts.variables.first() {
            let message = format!(
                "cannot fork: no readable reply came to a change of `${name}`, so its value is unknown; set it again, or \
                 call `unset`"
            );
            return Err(Error::new(ErrorKind::Protocol, message));
        }
        Ok(())
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The server's refusal to leave a database, for an identity that is bound to it.
const NO_DATABASE: &str = "You don't have permission to change to the  database";
