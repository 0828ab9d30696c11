// unused-self.cocci: a dispose or a finalize that has nothing left to do with its instance
//
// SPDX-License-Identifier: LGPL-2.1-or-later

@@
identifier end =~ "_(dispose|finalize)$";
identifier self;
type T;
expression instance;
@@

end (...)
{
- T self = instance;
  ... when != self
}
