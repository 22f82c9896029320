/** The command line of this process. */
import type * as IO from 'fp-ts/lib/IO.js';

// Words that no shell changes; all others are quoted.
const bare = /^[\w./:=,@-]+$/;

/** The arguments as one could type them again. */
export const typedCommand: IO.IO<string> = () =>
  ['sgn', ...process.argv.slice(2)]
    .map((word) => (bare.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
