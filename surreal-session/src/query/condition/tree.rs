//! Conditions as trees, until they become text.

use crate::query::statement::Fragment;

/// A condition whose parts are put together when it is written: the server limits how deep text may be nested.
#[derive(Debug, Clone)]
pub(crate) enum Tree {
    Leaf(Fragment),
    Not(Box<Tree>),
    All(Vec<Tree>),
    Any(Vec<Tree>),
    /// The same condition in two forms: for SELECT, and for the statements that write.
    ByUse(Box<[Tree; 2]>),
}

/// The number of conditions in a chain before they are grouped.
///
/// The server (3.3.5) reads a chain of operators as nested, 128 levels deep at most, and parentheses to 20 levels.
const CHAIN: usize = 16;

/// The maximum nesting of conditions, so that conditions built from input cannot overflow the stack. The server's default
/// limit is lower.
const MAX_DEPTH: usize = 64;

impl Tree {
    /// All of them, without a level for those that are such a list themselves.
    pub(crate) fn all(trees: impl IntoIterator<Item = Self>) -> Self {
        Self::only(Self::All(flat(trees, |tree| if let Self::All(inner) = tree { Some(inner) } else { None })))
    }

    /// Any of them, likewise.
    pub(crate) fn any(trees: impl IntoIterator<Item = Self>) -> Self {
        Self::only(Self::Any(flat(trees, |tree| if let Self::Any(inner) = tree { Some(inner) } else { None })))
    }

    pub(crate) fn negated(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)).bounded(),
        }
    }

    /// The condition, or one that refuses the statement if it is nested too deep.
    fn bounded(self) -> Self {
        match self.depth() {
            ..=MAX_DEPTH => self,
            _ => Self::Leaf(
                Fragment::new("false").refused(&format!("the conditions are nested more than {MAX_DEPTH} levels deep")),
            ),
        }
    }

    /// The number of levels, which is little: each level is bounded when it is made.
    fn depth(&self) -> usize {
        let deepest = |trees: &[Self]| trees.iter().map(Self::depth).max().unwrap_or_default();
        match self {
            Self::Leaf(_) => 0,
            Self::Not(inner) => inner.depth() + 1,
            Self::All(parts) | Self::Any(parts) => deepest(parts) + 1,
            Self::ByUse(forms) => deepest(&**forms),
        }
    }

    /// The same condition with another form for UPDATE, UPSERT and DELETE.
    pub(crate) fn or_in_write(self, write: Self) -> Self {
        Self::ByUse(Box::new([self, write]))
    }

    /// The form for statements that write.
    pub(crate) fn for_write(self) -> Self {
        match self {
            Self::Leaf(fragment) => Self::Leaf(fragment),
            Self::Not(inner) => inner.for_write().negated(),
            Self::All(parts) => Self::all(parts.into_iter().map(Self::for_write)),
            Self::Any(parts) => Self::any(parts.into_iter().map(Self::for_write)),
            Self::ByUse(forms) => {
                let [_, write] = *forms;
                write
            }
        }
    }

    /// The complete text of the condition.
    pub(crate) fn into_fragment(self) -> Fragment {
        match self {
            Self::Leaf(fragment) => fragment,
            Self::ByUse(forms) => {
                let [read, _] = *forms;
                read.into_fragment()
            }
            Self::Not(inner) => Fragment::new("!(").then(inner.into_fragment()).text(")"),
            Self::All(parts) if parts.is_empty() => Fragment::new("true"),
            Self::Any(parts) if parts.is_empty() => Fragment::new("false"),
            Self::All(parts) => chain(parts.into_iter().map(Self::into_fragment).collect(), " AND "),
            Self::Any(parts) => chain(parts.into_iter().map(Self::into_fragment).collect(), " OR "),
        }
    }

    /// A list of one is that one.
    fn only(list: Self) -> Self {
        match list {
            Self::All(mut parts) | Self::Any(mut parts) if parts.len() == 1 => parts.remove(0),
            other => other.bounded(),
        }
    }
}

fn flat(trees: impl IntoIterator<Item = Tree>, inner: impl Fn(&mut Tree) -> Option<&mut Vec<Tree>>) -> Vec<Tree> {
    let mut parts = Vec::new();
    for mut tree in trees {
        match inner(&mut tree) {
            Some(inner) => parts.append(inner),
            None => parts.push(tree),
        }
    }
    parts
}

fn chain(mut parts: Vec<Fragment>, operator: &str) -> Fragment {
    while parts.len() > CHAIN {
        parts = parts.chunks(CHAIN).map(|group| link(group, operator)).collect();
    }
    link(&parts, operator)
}

fn link(parts: &[Fragment], operator: &str) -> Fragment {
    match parts {
        [one] => one.clone(),
        _ => {
            let parts = parts.iter().map(|part| Fragment::new("(").then(part.clone()).text(")"));
            Fragment::default().joined(parts, operator)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(text: &str) -> Tree {
        Tree::Leaf(Fragment::new(text))
    }

    fn text(tree: Tree) -> String {
        tree.into_fragment().to_string()
    }

    #[test]
    fn parts_are_in_parentheses_and_lists_are_flat() {
        let [a, b, c] = ["a", "b", "c"].map(leaf);
        let all = Tree::all([Tree::all([a.clone(), b.clone()]), c.clone()]);
        assert_eq!(text(all.clone()), "(a) AND (b) AND (c)");
        assert_eq!(text(Tree::any([all.clone(), b.clone()])), "((a) AND (b) AND (c)) OR (b)");
        assert_eq!(text(Tree::any([all.negated(), b])), "(!((a) AND (b) AND (c))) OR (b)");
        assert_eq!(text(a.clone().negated().negated()), "a");
        assert_eq!(text(Tree::all([Tree::any([c])])), "c");
    }

    #[test]
    fn nothing_is_true_for_all_and_false_for_any() {
        assert_eq!(text(Tree::all([])), "true");
        assert_eq!(text(Tree::any([])), "false");
        assert_eq!(text(Tree::all([Tree::any([]), leaf("a")])), "(false) AND (a)");
    }

    #[test]
    fn nesting_without_end_is_refused_and_stays_small() {
        let mut deep = leaf("a");
        for number in 0..100_000 {
            deep = if number % 2 == 0 { Tree::all([deep, leaf("b")]) } else { Tree::any([deep, leaf("c")]) };
        }
        assert!(deep.depth() <= MAX_DEPTH + 1);
        assert!(deep.clone().into_fragment().is_refused());
        assert!(format!("{deep:?}").len() < 100_000);
        let mut negated = leaf("a");
        for _ in 0..1_000 {
            negated = Tree::all([negated, leaf("b")]).negated();
        }
        assert!(negated.for_write().into_fragment().is_refused());
        let flat = (0..1_000).fold(leaf("a"), |tree, _| Tree::all([tree, leaf("b")]));
        assert!(!flat.into_fragment().is_refused());
    }

    #[test]
    fn long_lists_are_shallow() {
        let long = text(Tree::any((0..10_000).map(|number| leaf(&number.to_string()))));
        let mut depth = 0_usize;
        let depths = long.chars().map(|c| {
            depth += usize::from(c == '(');
            depth -= usize::from(c == ')');
            depth
        });
        let deepest = depths.max();
        assert!(deepest <= Some(4), "{deepest:?} levels");
        assert_eq!(long.matches(" OR ").count(), 9_999);
    }
}
