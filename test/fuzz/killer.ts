/**
 * Imported before the program: ends its process by SIGKILL at one of its changes to files, counted from 1, as
 * SGN_TEST_KILL says: `before:7`, `after:7`, or `during:7`, which leaves half of what was to be written. No clock is
 * involved. What was cut is the last line on standard error.
 */
import { promises, writeSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname } from 'node:path';

const [moment = '', number = ''] = (process.env.SGN_TEST_KILL ?? '').split(':');
let count = 0;

const die = (what: string, path: unknown): never => {
  const name = String(path);
  writeSync(2, `\n${moment} ${what} ${basename(dirname(name)).startsWith('.next') ? '.next/' : ''}${basename(name)}\n`);
  process.kill(process.pid, 'SIGKILL');
  // the signal is on its way
  for (;;);
};

/** An effect on a path with a kill before, after or, where it can be cut in half, during it. */
const counted = async <A>(
  what: string,
  path: unknown,
  effect: () => Promise<A>,
  half: () => Promise<unknown> = async () => undefined,
): Promise<A> => {
  count += 1;
  const here = count === Number(number);
  if (here && moment === 'before') die(what, path);
  if (here && moment === 'during') {
    await half();
    die(what, path);
  }
  const result = await effect();
  if (here) die(what, path);
  return result;
};

const { rename, rm, mkdir, link, open, writeFile: writeWhole } = promises;
promises.rename = (from, to) => counted('rename to', to, () => rename(from, to));
promises.rm = (path, options) => counted('rm', path, () => rm(path, options));
promises.link = (from, to) => counted('link', to, () => link(from, to));
Object.assign(promises, {
  writeFile: (path: string, content: string, options?: { readonly flag: string }) =>
    counted(
      'write',
      path,
      () => writeWhole(path, content, options),
      () => writeWhole(path, content.slice(0, content.length / 2), options),
    ),
  mkdir: (...args: Parameters<typeof mkdir>) => counted('mkdir', args[0], () => mkdir(...args)),
  open: async (...args: Parameters<typeof open>) => {
    const file = await open(...args);
    const { writeFile } = file;
    return Object.assign(file, {
      writeFile: (content: string | Uint8Array) =>
        counted(
          'write',
          args[0],
          () => writeFile.call(file, content),
          () => writeFile.call(file, content.slice(0, content.length / 2)),
        ),
    });
  },
});
syncBuiltinESMExports();
