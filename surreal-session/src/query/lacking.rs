//! Builders that are awaited too early.

/// Has the compiler say what a builder lacks that is awaited before it has been told everything.
///
/// Of what is no future it would say just that. Here the builder is a future under a bound that is never met, so the
/// compiler says what the bound has to say. For this no `IntoFuture` may apply to the same type.
macro_rules! lacking {
    ([$($generics:tt)*] $builder:ty: $lacking:ty, $bound:path => $output:ty) => {
        #[doc(hidden)]
        impl<$($generics)*> Future for $builder
        where
            $lacking: $bound,
        {
            type Output = $crate::error::Result<$output>;

            fn poll(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Self::Output> {
                std::task::Poll::Pending
            }
        }
    };
}

pub(super) use lacking;
