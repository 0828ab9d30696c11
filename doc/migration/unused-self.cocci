// unused-self.cocci: variables for the instance and its private data that are used no more
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Only what has no side effect is dropped: a cast, the private data, another name for a parameter.

@@
identifier function, priv, get =~ "_get_instance_private$";
type T;
expression object;
@@

function (...)
{
  ...
- T *priv = get (object);
  ... when != priv
}

@@
identifier function, self, cast =~ "^[A-Z][A-Z0-9_]*$";
type T;
expression object;
@@

function (...)
{
  ...
- T *self = cast (object);
  ... when != self
}

@@
identifier function, self, user_data;
type T;
parameter list before;
@@

function (before, gpointer user_data, ...)
{
  ...
- T *self = user_data;
  ... when != self
}
