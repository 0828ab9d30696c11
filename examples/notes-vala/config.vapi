// config.vapi: what Meson defines
//
// SPDX-License-Identifier: LGPL-2.1-or-later

[CCode (cname = "SCHEMA_DIR")]
extern const string SCHEMA_DIR;
