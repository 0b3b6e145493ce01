//! The endpoints that a connection leads to.

/// One URL, or those of the nodes of one cluster; see [`Surreal::connect`](crate::Surreal::connect).
pub trait Endpoints {
    /// The URLs, in the order in which they are tried first.
    fn into_urls(self) -> Vec<String>;
}

macro_rules! endpoints {
    ($($one:ty),*) => {
        $(impl Endpoints for $one {
            fn into_urls(self) -> Vec<String> {
                vec![self.into()]
            }
        })*
    };
}

endpoints!(&str, String, &String);

impl<T: Into<String>, const N: usize> Endpoints for [T; N] {
    fn into_urls(self) -> Vec<String> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<T: Into<String>> Endpoints for Vec<T> {
    fn into_urls(self) -> Vec<String> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<T: Clone + Into<String>> Endpoints for &[T] {
    fn into_urls(self) -> Vec<String> {
        self.iter().cloned().map(Into::into).collect()
    }
}

impl<T: Clone + Into<String>> Endpoints for &Vec<T> {
    fn into_urls(self) -> Vec<String> {
        self.as_slice().into_urls()
    }
}
