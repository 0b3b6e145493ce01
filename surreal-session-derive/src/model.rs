//! The record as the derive sees it: the nodes of `syn`, each beside what its attributes say.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Data, DataStruct, DeriveInput, Fields, Ident, Path, PathArguments, Type, parse_quote};

use crate::case::{Rule, snake_case};
use crate::errors::Errors;
use crate::kind::Kind;
use crate::parse::{record, serde};

pub(crate) struct Model<'a> {
    pub(crate) kind: Kind,
    pub(crate) input: &'a DeriveInput,
    pub(crate) record: record::Container,
    pub(crate) serde: serde::Container,
    /// `None` for everything but a struct with named fields.
    pub(crate) fields: Option<Vec<Field<'a>>>,
}

pub(crate) struct Field<'a> {
    pub(crate) node: &'a syn::Field,
    pub(crate) ident: &'a Ident,
    pub(crate) record: record::Field,
    pub(crate) serde: serde::Field,
    /// The name in the database.
    pub(crate) wire: String,
}

impl<'a> Model<'a> {
    pub(crate) fn of(kind: Kind, input: &'a DeriveInput, errors: &mut Errors) -> Self {
        let record = record::Container::read(&input.attrs, kind, errors);
        let serde = serde::Container::read(&input.attrs);
        let rule = serde.rule();
        let fields = named_fields(&input.data).map(|fields| {
            let named = fields.named.iter().filter_map(|node| Some((node, node.ident.as_ref()?)));
            named.map(|(node, ident)| Field::read(node, ident, kind, rule, errors)).collect()
        });
        Self { kind, input, record, serde, fields }
    }

    pub(crate) fn table(&self) -> String {
        match &self.record.table {
            Some(table) => table.value(),
            None => snake_case(&self.input.ident.unraw().to_string()),
        }
    }

    /// Returns the name of the struct that a new record is made of, such as `NewUser`.
    pub(crate) fn new_name(&self) -> Ident {
        let [new, _, _] = self.names();
        new
    }

    /// Returns the name of the struct of changes, such as `UserPatch`.
    pub(crate) fn patch_name(&self) -> Ident {
        let [_, patch, _] = self.names();
        patch
    }

    /// Returns the name of the struct of fields, such as `UserFields`.
    pub(crate) fn fields_name(&self) -> Ident {
        let [_, _, fields] = self.names();
        fields
    }

    /// Names that collide, which the checks complain about, are not used.
    fn names(&self) -> [Ident; 3] {
        let names = self.all_names();
        let collides = |at: usize| names[at] == self.input.ident || names[..at].contains(&names[at]);
        if (0..names.len()).any(collides) { self.usual_names() } else { names }
    }

    /// Returns the names as they are given, good or bad.
    pub(crate) fn all_names(&self) -> [Ident; 3] {
        let usual = self.usual_names();
        let given = [&self.record.new, &self.record.patch, &self.record.fields];
        std::array::from_fn(|at| given[at].as_ref().unwrap_or(&usual[at]).clone())
    }

    fn usual_names(&self) -> [Ident; 3] {
        let ident = &self.input.ident;
        let name = ident.unraw();
        [format!("New{name}"), format!("{name}Patch"), format!("{name}Fields")]
            .map(|name| Ident::new(&name, ident.span()))
    }

    /// Returns the path to the runtime crate.
    pub(crate) fn krate(&self) -> Path {
        self.record.krate.clone().unwrap_or_else(|| parse_quote!(::surreal_session))
    }

    /// Returns that path as if it stood at another place, for the compiler to point at.
    pub(crate) fn krate_at(&self, span: Span) -> TokenStream {
        let span = span.resolved_at(Span::call_site());
        let tokens = self.krate().into_token_stream().into_iter();
        tokens
            .map(|mut token| {
                token.set_span(span);
                token
            })
            .collect()
    }

    /// Returns the field that holds the id of a record.
    pub(crate) fn id(&self) -> Option<&Field<'a>> {
        self.all_fields().find(|field| self.is_id(field))
    }

    /// Returns the field that counts the writes of a record.
    pub(crate) fn version(&self) -> Option<&Field<'a>> {
        self.all_fields().find(|field| field.record.version.is_some())
    }

    /// Returns the field that holds an end of an edge, `in` or `out`.
    pub(crate) fn end(&self, wire: &str) -> Option<&Field<'a>> {
        self.all_fields().find(|field| field.is_called(wire))
    }

    pub(crate) fn is_relation(&self) -> bool {
        self.record.relation.is_some()
    }

    /// Returns the fields that the program writes when it makes a record.
    pub(crate) fn written(&self) -> impl Iterator<Item = &Field<'a>> {
        let set_by_server = |field: &&Field| field.is_set_by_server() || self.is_id(field);
        self.all_fields().filter(move |field| field.is_written() && !set_by_server(field))
    }

    /// Returns the fields that the program changes of a record. An edge keeps its ends.
    pub(crate) fn patched(&self) -> impl Iterator<Item = &Field<'a>> {
        self.written().filter(|field| !self.is_relation() || !ENDS.iter().any(|wire| field.is_called(wire)))
    }

    pub(crate) fn is_id(&self, field: &Field) -> bool {
        self.kind == Kind::Record && field.is_called("id")
    }

    /// Returns the fields that a record has when it is read.
    pub(crate) fn read(&self) -> impl Iterator<Item = &Field<'a>> {
        self.all_fields().filter(|field| field.is_read())
    }

    /// Returns the fields that have their own name on the wire.
    pub(crate) fn named(&self) -> impl Iterator<Item = &Field<'a>> {
        self.read().filter(|field| field.is_named())
    }

    /// Returns the fields that the content of a record may not have a value for.
    pub(crate) fn kept(&self) -> impl Iterator<Item = &Field<'a>> {
        let may_be_left_out =
            |field: &&Field| field.record.readonly.is_some() || field.has_default() || !field.is_written();
        self.named().filter(|field| !self.is_id(field) && field.record.computed.is_none()).filter(may_be_left_out)
    }

    /// Returns the fields that the database has, with their names, or flattened.
    pub(crate) fn stored(&self) -> impl Iterator<Item = &Field<'a>> {
        self.all_fields().filter(|field| field.is_read() || field.is_written())
    }

    /// Returns the names in the database that are those of fields, so that nothing else can be called so.
    pub(crate) fn names_taken(&self) -> Vec<&str> {
        let on_the_wire = |field: &&Field| field.is_named() && (field.is_read() || field.is_written());
        self.all_fields().filter(on_the_wire).map(|field| field.wire.as_str()).collect()
    }

    /// Returns the place of a field among those.
    pub(crate) fn index(&self, field: &Field) -> Option<usize> {
        self.named().position(|named| named.ident == field.ident)
    }

    pub(crate) fn has_no_fields_read(&self) -> bool {
        self.read().next().is_none()
    }

    /// Returns `true` for a struct with fields whose types can be used in other structs.
    pub(crate) fn is_usable(&self) -> bool {
        self.fields.is_some() && self.input.generics.lifetimes().next().is_none()
    }

    fn all_fields(&self) -> impl Iterator<Item = &Field<'a>> {
        self.fields.iter().flatten()
    }
}

impl<'a> Field<'a> {
    fn read(node: &'a syn::Field, ident: &'a Ident, kind: Kind, rule: Rule, errors: &mut Errors) -> Self {
        let record = record::Field::read(&node.attrs, kind, errors);
        let serde = serde::Field::read(&node.attrs);
        let mut field = Self { node, ident, record, serde, wire: String::new() };
        field.wire = if field.is_read() { field.name_read(rule) } else { field.name_written(rule) };
        field
    }

    /// Tells whether this is its name on the wire, as far as it goes there.
    pub(crate) fn is_called(&self, wire: &str) -> bool {
        self.wire == wire && self.is_named() && (self.is_read() || self.is_written())
    }

    /// The program does not write it.
    pub(crate) fn is_set_by_server(&self) -> bool {
        self.record.readonly.is_some() || self.record.computed.is_some() || self.record.version.is_some()
    }

    /// Returns `true` for a field that is left out of a new record if it is `None` there, so that its default applies.
    pub(crate) fn has_default(&self) -> bool {
        self.record.default.is_some() && !self.is_set_by_server() && !self.is_option()
    }

    pub(crate) fn is_option(&self) -> bool {
        last_segment(&self.node.ty).is_some_and(|(ident, _)| ident == "Option")
    }

    pub(crate) fn is_read(&self) -> bool {
        self.serde.unread.is_none()
    }

    pub(crate) fn is_written(&self) -> bool {
        self.serde.unwritten.is_none()
    }

    /// A flattened field has no name on the wire: its own fields take its place.
    pub(crate) fn is_named(&self) -> bool {
        self.serde.flatten.is_none()
    }

    pub(crate) fn name_written(&self, rule: Rule) -> String {
        let given = self.serde.rename.as_ref().and_then(|names| names.writing.as_ref());
        given.map_or_else(|| rule.apply(&self.own_name()), syn::LitStr::value)
    }

    pub(crate) fn name_read(&self, rule: Rule) -> String {
        let given = self.serde.rename.as_ref().and_then(|names| names.reading.as_ref());
        given.map_or_else(|| rule.apply(&self.own_name()), syn::LitStr::value)
    }

    pub(crate) fn own_name(&self) -> String {
        self.ident.unraw().to_string()
    }
}

/// The names of the fields that hold the ends of an edge.
pub(crate) const ENDS: [&str; 2] = ["in", "out"];

fn named_fields(data: &Data) -> Option<&syn::FieldsNamed> {
    match data {
        Data::Struct(DataStruct { fields: Fields::Named(fields), .. }) => Some(fields),
        _ => None,
    }
}

/// Returns the last name of a type, and its arguments.
pub(crate) fn last_segment(ty: &Type) -> Option<(&Ident, &PathArguments)> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| (&segment.ident, &segment.arguments)),
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}
