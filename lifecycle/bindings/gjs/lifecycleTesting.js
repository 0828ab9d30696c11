// lifecycleTesting.js: whether a test in GJS leaves something behind
//
// SPDX-License-Identifier: LGPL-2.1-or-later

// Finds scopes that a test has not closed, and objects that should be gone:
//
//     import {noLeaks, noLeaksAsync} from 'file:///…/lifecycleTesting.js';
//
//     it('plays', noLeaks(() => { … }));
//     it('plays later', noLeaksAsync(async () => { … }));
//
// What is a leak is said in the documentation of lifecycle_test_end(). Garbage is collected before
// anybody is blamed.

import Lifecycle from 'gi://Lifecycle?version=1';
import System from 'system';

/** Something has been left behind; the message says what, how many, and where it was made. */
export class LeakError extends Error {
    constructor(report) {
        super(report);
        this.name = 'LeakError';
    }
}

/**
 * Says that a test begins.
 *
 * @param {object} options - what else the test must not do
 * @param {boolean} options.dropped - whether it must not drop scopes that are open
 */
export function begin({dropped = false} = {}) {
    System.gc();
    Lifecycle.test_begin_full(dropped ? Lifecycle.TestFlags.DROPPED : Lifecycle.TestFlags.DEFAULT);
}

/** Says that the test is over. Throws a LeakError if something is left behind. */
export function end() {
    System.gc();
    const [clean, report] = Lifecycle.test_end_with_report();
    if (!clean)
        throw new LeakError(report);
}

/**
 * Calls a function again and again.
 *
 * @param {Function} func - what should leave nothing behind
 * @param {number} rounds - how often
 * @returns {string|null} what grows each time, in words
 */
export function grows(func, rounds = 5) {
    const [clean, report] = Lifecycle.test_growth(rounds, () => {
        func();
        System.gc();
    });
    return clean ? null : report;
}

/**
 * Wraps a test.
 *
 * @param {Function} func - the test
 * @param {object} options - see begin()
 * @returns {Function} the same test, which throws a LeakError if it leaves something behind; what it
 *   throws itself goes first
 */
export function noLeaks(func, options = {}) {
    return function (...args) {
        let result;

        begin(options);
        try {
            result = func.apply(this, args);
        } catch (error) {
            Lifecycle.test_end_with_report();
            throw error;
        }
        end();
        return result;
    };
}

/**
 * The same for a test that returns a promise.
 *
 * @param {Function} func - the test
 * @param {object} options - see begin()
 * @returns {Function} the same test
 */
export function noLeaksAsync(func, options = {}) {
    return async function (...args) {
        let result;

        begin(options);
        try {
            result = await func.apply(this, args);
        } catch (error) {
            Lifecycle.test_end_with_report();
            throw error;
        }
        end();
        return result;
    };
}
