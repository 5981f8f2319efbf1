/**
 * Times as documents write them, `YYYY-MM-DDThh:mm:ssZ`, and as they are counted, POSIX seconds.
 *
 * One text for one second: UTC only, no fraction, no second 60, four digits of the proleptic Gregorian year.
 */

import { malformed } from "./error.ts";

/** POSIX seconds of 0000-01-01T00:00:00Z. */
export const EARLIEST = -62_167_219_200;
/** POSIX seconds of 9999-12-31T23:59:59Z. */
export const LATEST = 253_402_300_799;

const FORM = /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})Z$/;
const DAY = 86_400;
const DAYS: readonly number[] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** POSIX seconds of a time; `time-malformed` for another form, or a day or second that does not exist. */
export function parseTime(text: string): number {
  const found = FORM.exec(text);
  if (found !== null) {
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found.slice(1).map(Number);
    if (day >= 1 && day <= daysOf(year, month) && hour < 24 && minute < 60 && second < 60) {
      return ((dayNumber(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    }
  }
  throw malformed("a time is written YYYY-MM-DDThh:mm:ssZ and exists", "time-malformed");
}

/** Write POSIX seconds, `EARLIEST` to `LATEST`; the inverse of `parseTime`. */
export function formatTime(posix: number | bigint): string {
  if (posix < EARLIEST || posix > LATEST) {
    throw malformed(`time ${posix} is outside the years 0000 to 9999`, "time-malformed");
  }
  // The library's calendar is the same, and writes a year of four digits in this range.
  return new Date(Number(posix) * 1000).toISOString().replace(".000Z", "Z");
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Days of a month; 0 of one that does not exist. */
function daysOf(year: number, month: number): number {
  return month === 2 && isLeap(year) ? 29 : (DAYS[month - 1] ?? 0);
}

/** Days from 1970-01-01. */
function dayNumber(year: number, month: number, day: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getTime() / (DAY * 1000);
}
