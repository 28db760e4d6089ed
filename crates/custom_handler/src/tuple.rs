//! Tuples that grow by one: each `.input(...)` and `.output(...)` adds an element to the declaration's type.

/// A tuple to which an element can be added, up to six.
pub trait Append<Element> {
    /// The longer tuple.
    type Longer;

    #[doc(hidden)]
    fn append(self, element: Element) -> Self::Longer;
}

macro_rules! append {
    ($($part:ident),*) => {
        #[expect(non_snake_case, reason = "the type parameters' names serve as variables")]
        impl<$($part,)* Element> Append<Element> for ($($part,)*) {
            type Longer = ($($part,)* Element,);

            fn append(self, Element: Element) -> Self::Longer {
                let ($($part,)*) = self;
                ($($part,)* Element,)
            }
        }
    };
}

append!();
append!(A);
append!(A, B);
append!(A, B, C);
append!(A, B, C, D);
append!(A, B, C, D, E);
