//! The clauses of a SELECT, and the text that they make.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::protocol::{Feature, Operation};
use crate::query::condition::Tree;
use crate::query::expression::Term;
use crate::query::order::Key;
use crate::query::statement::{Call, Fragment};
use crate::record::Column;
use crate::value::{Datetime, escape_identifier};

#[derive(Debug, Clone)]
pub(super) struct SelectClauses {
    pub(super) call: Call,
    pub(super) operation: Operation,
    target: Target,
    pub(super) result: ResultForm,
    /// The columns that are read instead of the whole record.
    pub(super) view: Option<Vec<Column>>,
    /// The links that are followed, beside the record itself.
    pub(super) links: Vec<String>,
    pub(super) filter: Vec<Tree>,
    /// Set if the first filter is the scope of the records.
    is_scoped: bool,
    pub(super) order: Vec<Key>,
    limit: Option<i64>,
    start: Option<i64>,
    /// The number of rows that the form of the result needs.
    needed: Option<i64>,
    /// More than one record is an error, so that their order does not matter.
    is_only: bool,
    pub(super) timeout: Option<Duration>,
    /// The indexes that may be used; all unless set.
    pub(super) index: Option<Vec<String>>,
    /// The time as of which the records are read.
    pub(super) version: Option<Datetime>,
    /// The fields that are left out of the whole record.
    pub(super) omitted: Vec<Fragment>,
    locks: bool,
    /// The reason for which the select is not sent.
    refusal: Option<String>,
}

/// The source of the records.
#[derive(Debug, Clone)]
pub(super) enum Target {
    Table(Fragment),
    /// A range of ids.
    Range(Fragment),
    /// An array of ids that the server computes.
    Source(Fragment),
    Id(Fragment),
    Ids(Vec<Term>),
}

/// The form of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResultForm {
    Many,
    /// The row itself, or NONE.
    Only,
    Count,
    Exists,
}

impl SelectClauses {
    pub(super) fn new(call: Call, operation: Operation, target: Target) -> Self {
        Self {
            call,
            operation,
            target,
            result: ResultForm::Many,
            view: None,
            links: Vec::new(),
            filter: Vec::new(),
            is_scoped: false,
            order: Vec::new(),
            limit: None,
            start: None,
            needed: None,
            is_only: false,
            timeout: None,
            index: None,
            version: None,
            omitted: Vec::new(),
            locks: false,
            refusal: None,
        }
    }

    /// Reads only the records in this scope.
    pub(super) fn scoped(mut self, scope: Option<Tree>) -> Self {
        self.is_scoped = scope.is_some();
        self.filter.extend(scope);
        self
    }

    /// Reads also the records outside of the scope.
    pub(super) fn unscoped(&mut self) {
        if std::mem::take(&mut self.is_scoped) {
            self.filter.remove(0);
        }
    }

    /// Reads from `target` instead of the whole table.
    pub(super) fn choose(&mut self, target: Target) {
        if !matches!(self.target, Target::Table(_)) || self.is_page() {
            self.refuse("`.id(..)`, `.ids(..)` or `.range(..)` comes first in a select, and only one of them");
        }
        if matches!(target, Target::Id(_)) {
            self.result = ResultForm::Only;
        }
        self.target = target;
    }

    pub(super) fn limit(&mut self, records: impl TryInto<i64>) {
        self.limit = self.number("limit", records);
    }

    pub(super) fn start(&mut self, records: impl TryInto<i64>) {
        self.start = self.number("start", records);
    }

    /// Takes the limit and the start out.
    pub(super) fn take_page(&mut self) -> (Option<i64>, Option<i64>) {
        (self.limit.take(), self.start.take())
    }

    /// Reads the first record of those that it would read otherwise.
    pub(super) fn first(&mut self) {
        self.needed = Some(1);
    }

    /// Reads a second record if there is one, to see that the first is not the only one.
    pub(super) fn only(&mut self) {
        self.result = ResultForm::Many;
        self.is_only = !self.is_page();
        self.needed.get_or_insert(2);
    }

    /// Reads no records, but their number or whether there are any.
    pub(super) fn without_records(&mut self, result: ResultForm) {
        self.result = result;
        (self.view, self.links) = (None, Vec::new());
    }

    pub(super) fn is_whole_table(&self) -> bool {
        matches!(self.target, Target::Table(_))
    }

    pub(super) fn is_in_order_of_ids(&self) -> bool {
        matches!(self.target, Target::Table(_) | Target::Range(_))
    }

    pub(super) fn lock(&mut self) {
        self.locks = true;
        if !matches!(self.target, Target::Id(_) | Target::Ids(_)) {
            self.refuse("only records that are chosen by `.id(..)` or `.ids(..)` can be locked");
        }
    }

    /// Refuses a lock, for what is no record.
    pub(super) fn unlocked(mut self) -> Self {
        if self.locks {
            self.refuse("columns and aggregates cannot be read `for_update`: read the records");
        }
        self
    }

    /// Refuses an order, for results that have one.
    pub(super) fn unordered(mut self) -> Self {
        if !self.order.is_empty() {
            self.refuse(
                "the results of a search are in the order of their scores or distances: leave out `.order_by(..)`",
            );
        }
        self
    }

    pub(super) fn surql(&self) -> Fragment {
        let statement = if self.links.is_empty() {
            self.select(self.only_keyword()).timeout(self.timeout).then(self.outer_lock())
        } else {
            // Around the select, so that the record is the same as without the links.
            let row = Fragment::new(format!("SELECT VALUE [$this, {}] FROM ", self.links.join(", ")));
            let select = self.select("").then(self.outer_lock());
            row.text(self.only_keyword()).text("(").then(select).text(")").timeout(self.timeout)
        };
        self.refuse_in(statement)
    }

    /// The statement, which is not sent if the select is refused.
    pub(super) fn refuse_in(&self, mut statement: Fragment) -> Fragment {
        if self.order.len() > 1 && self.order.iter().any(Key::is_random) {
            statement = statement.refused("an order by chance cannot be combined with another order");
        }
        self.refusal.iter().fold(statement, |statement, reason| statement.refused(reason))
    }

    /// The records as the source of another select, with a row for each element of the fields in `split`.
    pub(super) fn rows_of(&self, split: &[Fragment]) -> Fragment {
        if split.is_empty() && !self.is_page() && self.version.is_none() {
            // The server (3.3.5) fails to count anything but a table without a condition.
            let is_plain = self.filter.is_empty() && !matches!(self.target, Target::Table(_));
            return if is_plain { self.target().text(" WHERE true") } else { self.source() };
        }
        let rows = Fragment::new("(").then(self.rows(Fragment::new("*"), "")).text(")");
        split.iter().fold(rows, |rows, field| {
            // SPLIT keeps a record whose array is empty or missing.
            let rows = Fragment::new("(SELECT * FROM ").then(rows).text(" WHERE (").then(field.clone());
            let rows = rows.text(" ?? []).len() > 0)");
            Fragment::new("(SELECT * FROM ").then(rows).text(" SPLIT ").then(field.clone()).text(")")
        })
    }

    /// An array of a value of each record.
    pub(super) fn values(&self, value: Fragment, split: &[Fragment], is_distinct: bool) -> Fragment {
        let whole = if is_distinct { Self { limit: None, start: None, ..self.clone() } } else { self.clone() };
        // Without the limit, an index for the filter would determine the order in which the values come.
        let order = if is_distinct && self.order.is_empty() && self.needs_order() {
            vec![Key::id()]
        } else {
            self.order.clone()
        };
        let values = match split {
            [] => whole.beside(value, Vec::new(), &order, "__row"),
            split => Fragment::new("SELECT VALUE ").then(value).text(" FROM ").then(whole.rows_of(split)),
        };
        let values = values.timeout(self.timeout);
        if !is_distinct {
            return values;
        }
        let distinct = Fragment::new("SELECT VALUE $this FROM array::distinct((").then(values).text("))");
        self.limited(distinct, None)
    }

    /// The row of a record as one value: the record without the fields in `added`, its view, or an array of it and its links.
    pub(super) fn row(&self, added: &[&str]) -> Fragment {
        let record = match added {
            [] => Fragment::new("$this"),
            // A value that the select computes is among the fields of `$this` (server 3.3.5).
            added => Fragment::new(format!("object::remove($this, ['{}'])", added.join("', '"))),
        };
        let record = match self.omitted.is_empty() {
            true => record,
            false => {
                let fields = Fragment::new("(SELECT * OMIT ").joined(self.omitted.iter().cloned(), ", ");
                fields.text(" FROM ONLY ").then(record).text(")")
            }
        };
        match (&self.view, self.links.is_empty()) {
            (Some(view), _) => object_of(view),
            (None, true) => record,
            (None, false) => Fragment::new("[").then(record).text(", ").text(&self.links.join(", ")).text("]"),
        }
    }

    /// A row for each record, in the order of the keys: `expression` with `row` and the values in `beside`, which are called
    /// `__row`, `__0`, `__1` and so on in it.
    pub(super) fn beside(&self, row: Fragment, beside: Vec<Fragment>, order: &[Key], expression: &str) -> Fragment {
        let beside = beside.into_iter().enumerate().map(|(index, value)| value.text(&format!(" AS __{index}")));
        let by_values = order.iter().enumerate().filter(|(_, key)| !key.is_random());
        let keys = by_values.map(|(index, key)| key.path.clone().text(&format!(" AS {KEY}{index}")));
        let id = (order.is_empty() && self.needs_order()).then(|| Fragment::new(format!("id AS {KEY}0")));
        let order: Vec<String> = match id {
            Some(_) => vec![format!("{KEY}0")],
            None => order.iter().enumerate().map(|(index, key)| key.of_column(&format!("{KEY}{index}"))).collect(),
        };
        let columns = std::iter::once(row.text(" AS __row")).chain(beside).chain(keys).chain(id);
        let source = self.source_in(if order.is_empty() { Reading::InOrderOfIds } else { Reading::Sorted });
        let rows = Fragment::new("SELECT ").joined(columns, ", ").text(" FROM ").then(source);
        let rows = if order.is_empty() { rows } else { rows.text(" ORDER BY ").text(&order.join(", ")) };
        let rows = self.page(rows, self.needed);
        Fragment::new("SELECT VALUE ").text(expression).text(" FROM (").then(rows).text(")")
    }

    pub(super) fn number(&mut self, clause: &str, number: impl TryInto<i64>) -> Option<i64> {
        let number = number.try_into().ok().filter(|number| *number >= 0);
        if number.is_none() {
            self.refuse(&format!("the {clause} is not between 0 and {}", i64::MAX));
        }
        number
    }

    pub(super) fn refuse(&mut self, reason: &str) {
        self.refusal.get_or_insert_with(|| reason.to_owned());
    }

    pub(super) fn is_page(&self) -> bool {
        self.limit.is_some() || self.start.is_some() || self.needed == Some(1)
    }

    fn only_keyword(&self) -> &'static str {
        if self.result == ResultForm::Only { "ONLY " } else { "" }
    }

    fn select(&self, only: &str) -> Fragment {
        match (&self.view, self.result) {
            (_, ResultForm::Count) => self.count(),
            (_, ResultForm::Exists) => self.page(Fragment::new("SELECT VALUE true FROM ").then(self.source()), Some(1)),
            (None, _) => self.rows(Fragment::new("*"), only),
            (Some(view), _) if !self.is_wrapped() => self.rows(columns(view), only),
            (Some(view), _) => {
                let whole = self.rows(self.fields_read(view), "").then(self.lock_clause());
                Fragment::new("SELECT ").then(columns(view)).text(" FROM (").then(whole).text(")")
            }
        }
    }

    pub(super) fn count(&self) -> Fragment {
        let count = Fragment::new("SELECT count() FROM ");
        let counted = if self.is_page() || self.version.is_some() {
            // Beside GROUP ALL, a limit would apply to the one row with the count.
            let ids = Fragment::new("SELECT VALUE id FROM ").then(self.source());
            count.text("(").then(self.page(ids, None)).text(") WHERE true")
        } else if self.filter.is_empty() && !matches!(self.target, Target::Table(_)) {
            // The server (3.3.5) fails to count anything but a table without a condition.
            count.then(self.target()).text(" WHERE true")
        } else {
            count.then(self.source())
        };
        counted.text(" GROUP ALL")
    }

    /// The statement that reads these fields of the records.
    fn rows(&self, fields: Fragment, only: &str) -> Fragment {
        let source = self.source_in(if self.order.is_empty() { Reading::InOrderOfIds } else { Reading::Sorted });
        let statement = Fragment::new("SELECT ").then(self.with_keys(fields)).text(" FROM ").text(only).then(source);
        let statement = if !self.order.is_empty() {
            let keys = self.order.iter().enumerate().map(|(index, key)| match key.field {
                None => Fragment::new(format!("{KEY}{index}")).text(&key.manner),
                Some(_) => key.path.clone().text(&key.manner),
            });
            statement.text(" ORDER BY ").joined(keys, ", ")
        } else if self.needs_order() {
            statement.text(" ORDER BY id")
        } else {
            statement
        };
        self.page(statement, self.needed)
    }

    /// Adds the limit, the start and the version; of those rows, only `needed` are read.
    fn page(&self, statement: Fragment, needed: Option<i64>) -> Fragment {
        let statement = self.versioned(self.limited(statement, needed));
        // Server 3.0 ignores such orders, and counts records that are missing.
        let is_list = matches!(self.target, Target::Source(_) | Target::Ids(_));
        let is_linked = self.order.iter().any(|key| key.field.is_none() && !key.is_random());
        match is_linked || is_list && (!self.order.is_empty() || self.is_page()) {
            true => statement.needing(Feature::OrderedReads),
            false => statement,
        }
    }

    pub(super) fn versioned(&self, statement: Fragment) -> Fragment {
        match &self.version {
            Some(version) => statement.text(" VERSION ").value(version),
            None => statement,
        }
    }

    fn limited(&self, statement: Fragment, needed: Option<i64>) -> Fragment {
        let statement = match (self.limit, needed) {
            (Some(limit), needed) => statement.text(" LIMIT ").value(&limit.min(needed.unwrap_or(MAX_LIMIT))),
            (None, Some(needed)) => statement.text(&format!(" LIMIT {needed}")),
            (None, None) => statement,
        };
        match self.start {
            Some(start) => statement.text(" START ").value(&start),
            None => statement,
        }
    }

    /// The target with the condition.
    pub(super) fn source(&self) -> Fragment {
        self.source_in(Reading::Sorted)
    }

    fn source_in(&self, reading: Reading) -> Fragment {
        let target = match &self.target {
            Target::Range(range) if reading == Reading::InOrderOfIds && self.is_page() => limited_range(range.clone()),
            _ => self.target(),
        };
        let is_indexed = matches!(self.target, Target::Table(_)) && self.index.is_none();
        let is_ordered = !self.order.is_empty() || self.needs_order();
        let filter = (!self.filter.is_empty()).then(|| Tree::all(self.filter.iter().cloned()).into_fragment());
        match filter {
            filter if is_indexed => target.rows(filter, is_ordered),
            Some(filter) => target.text(" WHERE ").then(filter),
            None => target,
        }
    }

    fn target(&self) -> Fragment {
        match &self.target {
            Target::Table(table) => match self.index.as_deref() {
                None => table.clone(),
                Some([]) => table.clone().text(" WITH NOINDEX"),
                Some(names) => table.clone().text(" WITH INDEX ").text(&names.join(", ")),
            },
            Target::Range(source) | Target::Source(source) | Target::Id(source) => source.clone(),
            // The server (3.3.5) locks records that are targets by themselves, and none in an array.
            Target::Ids(ids) if self.locks && !ids.is_empty() => {
                Fragment::default().joined(ids.iter().cloned().map(Term::into_fragment), ", ")
            }
            Target::Ids(ids) => Term::array(ids.clone()).into_fragment(),
        }
    }

    /// The fields that the view and the order need. The server computes no others.
    fn fields_read(&self, view: &[Column]) -> Fragment {
        let shown = view.iter().map(|column| &column.field);
        let ordered = self.order.iter().filter_map(|key| key.field.as_ref());
        let fields: BTreeSet<&String> = shown.chain(ordered).collect();
        Fragment::default().joined(fields.into_iter().map(Fragment::new), ", ")
    }

    /// Returns whether the view is read from a select of the whole fields, so that the order is by those and not by the view's.
    fn is_wrapped(&self) -> bool {
        self.view.is_some() && !self.order.is_empty() && self.result == ResultForm::Many
    }

    /// The fields with those of other records that the order needs, which are not part of the result.
    fn with_keys(&self, fields: Fragment) -> Fragment {
        let linked = || self.order.iter().enumerate().filter(|(_, key)| key.field.is_none());
        let omitted = self.omitted.iter().filter(|_| self.view.is_none()).cloned();
        if linked().next().is_none() {
            return if omitted.clone().next().is_none() { fields } else { fields.text(" OMIT ").joined(omitted, ", ") };
        }
        let keys = linked().map(|(index, key)| key.path.clone().text(&format!(" AS {KEY}{index}")));
        let names = linked().map(|(index, _)| Fragment::new(format!("{KEY}{index}")));
        fields.text(", ").joined(keys, ", ").text(" OMIT ").joined(names.chain(omitted), ", ")
    }

    /// Returns whether only a part of the records is read, and an index for the filter would choose it by its own order.
    fn needs_order(&self) -> bool {
        let is_table = matches!(self.target, Target::Table(_));
        self.is_page() && !self.is_only && self.result == ResultForm::Many && !self.filter.is_empty() && is_table
    }

    /// The lock, unless it is in the inner select of a view.
    fn outer_lock(&self) -> Fragment {
        if self.is_wrapped() { Fragment::default() } else { self.lock_clause() }
    }

    fn lock_clause(&self) -> Fragment {
        match &self.target {
            Target::Ids(ids) if ids.is_empty() => Fragment::default(),
            _ if self.locks => Fragment::new(" FOR UPDATE").needing(Feature::RowLocks),
            _ => Fragment::default(),
        }
    }
}

/// The largest limit that server 4.0 takes. No result has more rows.
pub(crate) const MAX_LIMIT: i64 = u32::MAX as i64;

/// Whether the records are read in the order of their ids, or sorted afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    InOrderOfIds,
    Sorted,
}

/// A range of ids of which only the first records are read.
///
/// Of a plain range, the server (3.3.5) reads all records before it applies a limit. Of one that a function returns it does
/// not, and applies the limit even before a descending order.
pub(crate) fn limited_range(range: Fragment) -> Fragment {
    Fragment::new("array::first([").then(range).text("])")
}

/// The fields of a view as an object.
pub(crate) fn object_of(view: &[Column]) -> Fragment {
    let entries = view.iter().map(|column| {
        let entry = Fragment::new(column.entry());
        if column.is_raw { entry.of_program() } else { entry }.following_links(column.is_linked)
    });
    Fragment::new("{ ").joined(entries, ", ").text(" }")
}

/// The fields of a view, each under its name.
fn columns(view: &[Column]) -> Fragment {
    let column = |column: &Column| Fragment::new(&column.path).text(" AS ").text(&escape_identifier(column.name));
    Fragment::default().joined(view.iter().map(column), ", ")
}

/// The name of a field of another record that the order needs.
const KEY: &str = "__key_";
