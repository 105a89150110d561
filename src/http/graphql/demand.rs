//! What a document asks for, known before anything of it is validated or run.
//!
//! Validation walks a fragment again at each place where it is used, so that a few fragments of each other can keep it busy for
//! minutes; and it follows chains of fragments by calling itself. Here each fragment is measured once.

use std::collections::HashMap;

use async_graphql::{
    Name, Pos, Positioned, ServerError, Value, Variables,
    parser::types::{
        ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet, VariableDefinition,
    },
};

use super::{
    error::{self, Code},
    types::TypeIndex,
};

/// The items of a page when the request does not say how many.
const DEFAULT_PAGE: usize = 50;
/// How many items a list of the introspection is taken to have.
const INTROSPECTION_LIST: usize = 10;

/// What a selection asks for, its fragments included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Demand {
    /// Fields side by side.
    pub(crate) width: usize,
    /// Fields within each other.
    pub(crate) depth: usize,
    /// Fields to resolve, those of lists as often as items are asked for.
    pub(crate) complexity: usize,
    /// Fields that are renamed.
    pub(crate) aliases: usize,
    /// Selections within each other: fields, inline fragments and spreads.
    height: usize,
}

impl Demand {
    /// Both, side by side.
    fn beside(self, other: Self) -> Self {
        Self {
            width: self.width.saturating_add(other.width),
            depth: self.depth.max(other.depth),
            complexity: self.complexity.saturating_add(other.complexity),
            aliases: self.aliases.saturating_add(other.aliases),
            height: self.height.max(other.height),
        }
    }

    /// A field of `items` items with this within each.
    fn within_field(self, items: usize, is_renamed: bool) -> Self {
        Self {
            width: 1,
            depth: self.depth + 1,
            complexity: self.complexity.saturating_mul(items).saturating_add(1),
            aliases: self.aliases.saturating_add(usize::from(is_renamed)),
            height: self.height,
        }
    }
}

/// Measures the operations of one document.
pub(crate) struct Surveyor<'a> {
    document: &'a ExecutableDocument,
    variables: &'a Variables,
    types: &'a TypeIndex,
    /// The deepest nesting of selections: how often the survey may call itself.
    max_height: usize,
    /// `None` while a fragment is being measured.
    fragments: HashMap<&'a Name, Option<Demand>>,
    /// Directives met so far, each once.
    pub(crate) directives: usize,
    /// Whether a field asks about the schema.
    pub(crate) introspects: bool,
}

/// Where a selection stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    parent: Option<&'a str>,
    definitions: &'a [Positioned<VariableDefinition>],
    level: usize,
}

impl<'a> Surveyor<'a> {
    /// Prepares to measure.
    pub(crate) fn new(
        document: &'a ExecutableDocument,
        variables: &'a Variables,
        types: &'a TypeIndex,
        max_height: usize,
    ) -> Self {
        Self {
            document,
            variables,
            types,
            max_height,
            fragments: HashMap::new(),
            directives: 0,
            introspects: false,
        }
    }

    /// What one operation asks for.
    ///
    /// # Errors
    /// When fragments use each other in a circle, or selections are nested too deep.
    pub(crate) fn operation(&mut self, operation: &'a OperationDefinition) -> Result<Demand, ServerError> {
        self.directives += operation.directives.len();
        let parent = self.types.root(operation.ty);
        let definitions = &operation.variable_definitions;
        self.selections(&operation.selection_set.node, Place { parent, definitions, level: 0 })
    }

    /// Looks at the fragments that no operation uses, too: validation does.
    ///
    /// # Errors
    /// As for operations.
    pub(crate) fn fragments(&mut self) -> Result<(), ServerError> {
        let document = self.document;
        for (name, fragment) in &document.fragments {
            self.fragment(name, fragment.pos, Place { parent: None, definitions: &[], level: 0 })?;
        }
        Ok(())
    }

    fn selections(&mut self, set: &'a SelectionSet, place: Place<'a>) -> Result<Demand, ServerError> {
        if set.items.is_empty() {
            return Ok(Demand::default());
        }
        if place.level > self.max_height {
            return Err(self.too_high(place.level));
        }
        let inside = Place { level: place.level + 1, ..place };
        let mut sum = Demand::default();
        for selection in &set.items {
            self.directives += selection.node.directives().len();
            let demand = match &selection.node {
                Selection::Field(field) => self.field(&field.node, inside)?,
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name;
                    self.fragment(&name.node, name.pos, inside)?
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let parent = condition.map_or(place.parent, |condition| Some(&*condition.node.on.node));
                    self.selections(&fragment.node.selection_set.node, Place { parent, ..inside })?
                }
            };
            sum = sum.beside(demand);
        }
        sum.height += 1;
        if sum.height > self.max_height { Err(self.too_high(sum.height)) } else { Ok(sum) }
    }

    fn field(&mut self, field: &'a Field, place: Place<'a>) -> Result<Demand, ServerError> {
        let name = field.name.node.as_str();
        self.introspects |= name == "__schema" || name == "__type";
        let is_introspection =
            name.starts_with("__") || place.parent.is_some_and(|parent| parent.starts_with("__"));
        let (parent, items) = if is_introspection {
            (Some("__Type"), introspected_items(name))
        } else {
            let known = place.parent.and_then(|parent| self.types.field(parent, name));
            let is_paged = known.is_some_and(|known| known.is_paged);
            (known.map(super::types::FieldType::named), self.items(field, is_paged, place.definitions))
        };
        let within = self.selections(&field.selection_set.node, Place { parent, ..place })?;
        Ok(within.within_field(items, field.alias.is_some()))
    }

    fn fragment(&mut self, name: &'a Name, used: Pos, place: Place<'a>) -> Result<Demand, ServerError> {
        let document = self.document;
        let Some(fragment) = document.fragments.get(name) else { return Ok(Demand::default()) };
        match self.fragments.insert(name, None) {
            Some(Some(known)) => {
                self.fragments.insert(name, Some(known));
                let height = place.level + known.height;
                if height > self.max_height { Err(self.too_high(height)) } else { Ok(known) }
            }
            Some(None) => Err(circle(name, used)),
            None => {
                self.directives += fragment.node.directives.len();
                let parent = Some(&*fragment.node.type_condition.node.on.node);
                let demand = self.selections(&fragment.node.selection_set.node, Place { parent, ..place })?;
                self.fragments.insert(name, Some(demand));
                Ok(demand)
            }
        }
    }

    /// How many items a field is asked for: by `first` or `last`, or by the ids it is given.
    fn items(
        &self,
        field: &'a Field,
        is_paged: bool,
        definitions: &'a [Positioned<VariableDefinition>],
    ) -> usize {
        let argument = |name: &str| {
            let given = field.get_argument(name)?.node.clone();
            match given.into_const_with(|variable| self.variable(&variable, definitions).ok_or(())).ok()? {
                Value::Number(number) => number.as_u64().and_then(|number| usize::try_from(number).ok()),
                Value::List(list) => Some(list.len()),
                _ => None,
            }
        };
        let default = if is_paged { DEFAULT_PAGE } else { 1 };
        ["first", "last", "ids"].into_iter().filter_map(argument).max().unwrap_or(default).max(1)
    }

    fn variable(&self, name: &Name, definitions: &'a [Positioned<VariableDefinition>]) -> Option<Value> {
        let default = || {
            let definition = definitions.iter().find(|definition| definition.node.name.node == *name)?;
            definition.node.default_value().cloned()
        };
        self.variables.get(name).cloned().or_else(default)
    }

    fn too_high(&self, height: usize) -> ServerError {
        error::over_limit(Code::QueryTooDeep, "selections within each other", height, self.max_height)
    }
}

/// Types and fields refer to each other without end; what a few levels of them answer is very long.
fn introspected_items(name: &str) -> usize {
    match name {
        "types" | "fields" | "inputFields" | "interfaces" | "possibleTypes" | "args" | "enumValues" => {
            INTROSPECTION_LIST
        }
        _ => 1,
    }
}

fn circle(name: &Name, used: Pos) -> ServerError {
    let mut error = ServerError::new(format!("The fragment `{name}` uses itself."), Some(used));
    error::set_code(&mut error, Code::ValidationFailed);
    error
}
