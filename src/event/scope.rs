//! Where an event holds.

use serde::{Deserialize, Serialize};

use crate::rules;

/// Where an event holds: `"worldwide"`, `{"only": [..]}` or `{"except": [..]}`, countries by ISO
/// 3166-1 alpha-2, sorted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Everywhere.
    Worldwide,
    /// Only there.
    Only(Vec<String>),
    /// Everywhere but there; never an empty list in an event.
    Except(Vec<String>),
}

impl From<&rules::Scope> for Scope {
    fn from(scope: &rules::Scope) -> Self {
        match scope {
            rules::Scope::Worldwide => Self::Worldwide,
            rules::Scope::Only(countries) => Self::Only(sorted(countries.clone())),
            rules::Scope::Except(countries) => Self::but(countries.clone()),
        }
    }
}

impl Scope {
    /// Everywhere where one of the two holds.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        match (self, other) {
            (Self::Worldwide, _) | (_, Self::Worldwide) => Self::Worldwide,
            (Self::Only(mut a), Self::Only(b)) => {
                a.extend(b);
                Self::Only(sorted(a))
            }
            (Self::Except(mut a), Self::Except(b)) => {
                a.retain(|country| b.contains(country));
                Self::but(a)
            }
            (Self::Except(mut out), Self::Only(only))
            | (Self::Only(only), Self::Except(mut out)) => {
                out.retain(|country| !only.contains(country));
                Self::but(out)
            }
        }
    }

    /// Everywhere but there, or plainly everywhere.
    fn but(countries: Vec<String>) -> Self {
        if countries.is_empty() { Self::Worldwide } else { Self::Except(sorted(countries)) }
    }
}

fn sorted(mut countries: Vec<String>) -> Vec<String> {
    countries.sort_unstable();
    countries.dedup();
    countries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_union_holds_where_one_of_both_does() {
        let list = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let only = |text: &str| Scope::Only(list(text));
        let but = |text: &str| Scope::Except(list(text));
        let table = [
            (Scope::Worldwide, only("FR"), Scope::Worldwide),
            (Scope::Worldwide, but("FR"), Scope::Worldwide),
            (Scope::Worldwide, Scope::Worldwide, Scope::Worldwide),
            (only("DE FR"), only("BE FR"), only("BE DE FR")),
            (only("DE"), only("DE"), only("DE")),
            (but("DE FR"), but("FR US"), but("FR")),
            (but("DE"), but("FR"), Scope::Worldwide),
            (but("DE FR"), only("FR US"), but("DE")),
            (but("DE"), only("DE FR"), Scope::Worldwide),
            (but("DE"), only("FR"), but("DE")),
        ];
        for (a, b, want) in table {
            assert_eq!(a.clone().union(b.clone()), want, "{a:?} {b:?}");
            assert_eq!(b.clone().union(a.clone()), want, "{b:?} {a:?}");
        }
    }

    #[test]
    fn a_scope_of_rules_is_sorted_and_never_except_nothing() {
        let list = || vec!["FR".to_owned(), "DE".to_owned(), "FR".to_owned()];
        let want = vec!["DE".to_owned(), "FR".to_owned()];
        assert_eq!(Scope::from(&rules::Scope::Only(list())), Scope::Only(want.clone()));
        assert_eq!(Scope::from(&rules::Scope::Except(list())), Scope::Except(want));
        assert_eq!(Scope::from(&rules::Scope::Except(vec![])), Scope::Worldwide);
        assert_eq!(Scope::from(&rules::Scope::Worldwide), Scope::Worldwide);
    }
}
