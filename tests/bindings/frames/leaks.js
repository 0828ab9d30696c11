// SPDX-License-Identifier: LGPL-2.1-or-later
import System from 'system';

let nRun = 0;
// As in Jasmine.
const it = (name, func) => {
    func();
    nRun++;
};

// block 1

System.exit(nRun === 1 ? 0 : 1);
