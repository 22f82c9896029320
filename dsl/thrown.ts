/**
 * The door to functions of others: whatever they throw comes back as a value with a text. A thrown value need not be an
 * error, nor have a text, nor let itself be asked for one.
 */
import * as E from 'fp-ts/lib/Either.js';

const messageOf = (thrown: unknown): string => {
  if (!(thrown instanceof Error)) return String(thrown);
  return typeof thrown.message === 'string' && thrown.message.trim() !== '' ? thrown.message : thrown.name;
};

/** The first line that says something of what was thrown; its type where it has no text. */
export const reasonOf = (thrown: unknown): string => {
  const shown = E.tryCatch(
    () =>
      messageOf(thrown)
        .split('\n')
        .map((line) => line.trim())
        .find((line) => line !== ''),
    () => undefined,
  );
  const nothing = typeof thrown === 'string' ? 'an empty text' : `a value without a text (${typeof thrown})`;
  return E.isRight(shown) && shown.right !== undefined ? shown.right : nothing;
};

/** What a call gives, or why it throws, in one line. */
export const guarded = <A>(call: () => A): E.Either<string, A> => E.tryCatch(call, reasonOf);

const limit = 60;

/** What a value is, in a few words on one line, for a message that refuses it. */
export const showValue = (value: unknown): string => {
  switch (typeof value) {
    case 'function':
      return 'a function';
    case 'object': {
      if (value === null) return 'null';
      const text = guarded((): unknown => JSON.stringify(value));
      if (E.isLeft(text) || typeof text.right !== 'string') return 'an object that cannot be shown';
      // a promise, a map and the like show nothing of themselves but their kind
      if (text.right === '{}') return Object.prototype.toString.call(value);
      return text.right.length <= limit ? text.right : `${text.right.slice(0, limit)}…`;
    }
    case 'string':
      return JSON.stringify(value.length <= limit ? value : `${value.slice(0, limit)}…`);
    default:
      return String(value);
  }
};
