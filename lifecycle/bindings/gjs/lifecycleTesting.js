// lifecycleTesting.js: checks that tests in GJS leave nothing behind
//
// SPDX-License-Identifier: LGPL-2.1-or-later

// Finds scopes that a test has not closed, and objects that should have been finalized:
//
//     import {noLeaks, noLeaksAsync} from 'file:///…/lifecycleTesting.js';
//
//     it('plays', noLeaks(() => { … }));
//     it('plays later', noLeaksAsync(async () => { … }));
//
// See the documentation of lifecycle_test_end() for what counts as a leak. Garbage is collected
// before anything is reported.

import Lifecycle from 'gi://Lifecycle?version=1';
import System from 'system';

/** Thrown when a test leaves something behind; says what, how many, and where it was made. */
export class LeakError extends Error {
    constructor(report) {
        super(report);
        this.name = 'LeakError';
    }
}

/**
 * Begins a test.
 *
 * @param {object} options - options for the test
 * @param {boolean} options.dropped - whether to report scopes that are dropped without being closed
 */
export function begin({dropped = false} = {}) {
    System.gc();
    Lifecycle.test_begin_full(dropped ? Lifecycle.TestFlags.DROPPED : Lifecycle.TestFlags.DEFAULT);
}

/** Ends a test. Throws a LeakError if something has been left behind. */
export function end() {
    System.gc();
    const [clean, report] = Lifecycle.test_end_with_report();
    if (!clean)
        throw new LeakError(report);
}

/**
 * Calls a function repeatedly, and checks whether each call leaves something behind.
 *
 * @param {Function} func - the function to call
 * @param {number} rounds - how often to call it
 * @returns {string|null} a description of what grows with each call, or null if nothing does
 */
export function grows(func, rounds = 5) {
    const [clean, report] = Lifecycle.test_growth(rounds, () => {
        func();
        System.gc();
    });
    return clean ? null : report;
}

/**
 * Wraps a test, so that it fails if it leaves something behind.
 *
 * @param {Function} func - the test
 * @param {object} options - see begin()
 * @returns {Function} a function that runs the test, and throws a LeakError if it leaves something
 *   behind; if the test itself throws, that exception is thrown instead
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
 * Wraps an asynchronous test, so that it fails if it leaves something behind.
 *
 * @param {Function} func - the test, which returns a promise
 * @param {object} options - see begin()
 * @returns {Function} an asynchronous function that is like that of noLeaks()
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
