/** Locks of folders: a file that names the process that uses the folder, from its start to its end. */
import { createHash } from 'node:crypto';
import { link, lstat, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { z } from 'zod';
import { attempt, codeOf, type FileError, isRunning, jsonText, showFileError } from './files.js';

/** The lock of a folder within it. */
export const lockName = 'sgn.lock';

const holderSchema = z.strictObject({
  pid: z.int().positive(),
  host: z.string(),
  /** When the process started, as its system says it; absent where systems do not say it to others. */
  started: z.exactOptional(z.string()),
});

/** Who uses a folder. */
export type Holder = Readonly<z.output<typeof holderSchema>>;

/** A process as Linux shows it. */
interface ProcessState {
  /** The boot and the clock ticks from it to the start of the process. */
  readonly started: string;
  /** It has ended, and its parent has not asked how. */
  readonly ended: boolean;
}

// proc(5): behind the name in parentheses, which may hold any sign, the state is field 3 and the start time field 22.
const stateIn = (stat: string, boot: string): ProcessState => {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { started: `${boot.trim()} ${fields[22 - 3]}`, ended: /^[ZXx]$/.test(`${fields[0]}`) };
};

/** A process in Linux's /proc; undefined where it is not there. */
const processState = async (pid: number): Promise<ProcessState | undefined> => {
  try {
    const [stat, boot] = await Promise.all(
      [`/proc/${pid}/stat`, '/proc/sys/kernel/random/boot_id'].map((path) => readFile(path, 'utf8')),
    );
    return stat === undefined || boot === undefined ? undefined : stateIn(stat, boot);
  } catch {
    return undefined;
  }
};

/** Does the process that a lock names still run, as far as this machine can tell? */
type Presence = 'runs' | 'ended' | 'elsewhere';

const presenceOf = async ({ pid, host, started }: Holder): Promise<Presence> => {
  if (host !== hostname()) return 'elsewhere';
  if (!isRunning(pid)) return 'ended';
  const state = await processState(pid);
  // no /proc: a process of that number is all that can be known
  if (state === undefined || started === undefined) return 'runs';
  return state.ended || state.started !== started ? 'ended' : 'runs';
};

const thisProcess = async (): Promise<Holder> => {
  const state = await processState(process.pid);
  return { pid: process.pid, host: hostname(), ...(state === undefined ? {} : { started: state.started }) };
};

/** Puts a file into place unless there is one; false if there is. Whole at once, where the file system has links. */
const place = async (draft: string, path: string, content: string): Promise<boolean> => {
  try {
    await link(draft, path);
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    if (codeOf(thrown) === 'ENOENT') throw thrown;
  }
  try {
    await writeFile(path, content, { flag: 'wx' });
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    throw thrown;
  }
};

// Locks are short: a name of a host, and numbers.
const mostLockBytes = 4096;

// What is no short regular file, such as a pipe or a link, is no lock of ours, may have no end and may lead nowhere.
const readIfThere = async (path: string): Promise<string | undefined> => {
  try {
    const entry = await lstat(path);
    return entry.isFile() && entry.size <= mostLockBytes ? await readFile(path, 'utf8') : '';
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
};

const holderIn = (text: string): Holder | undefined => {
  const json = E.tryCatch((): unknown => JSON.parse(text), String);
  const parsed = E.isLeft(json) ? undefined : holderSchema.safeParse(json.right);
  return parsed?.success === true ? parsed.data : undefined;
};

const inUse = (folder: string, path: string, holder: Holder | undefined, presence: Presence): string => {
  if (holder === undefined)
    return `${path} is no lock that this program can read; if nothing uses ${folder}, remove that file`;
  const by = `${folder} is in use by process ${holder.pid} on ${holder.host}`;
  return presence === 'elsewhere'
    ? `${by}, which this machine cannot ask; if that process has ended, remove ${path}; else choose another folder`
    : `${by}; wait for its end or choose another folder`;
};

const takeoverName = /^sgn\.lock\.[0-9a-f]{12}$/;

// The lock of who replaces the lock of an ended process, whose content it is named after.
const takeoverPath = (path: string, stale: string): string =>
  `${path}.${createHash('sha256').update(stale).digest('hex').slice(0, 12)}`;

/**
 * Takes the lock at a path, or says who has it. Of those who find the same lock of an ended process, one replaces it: who
 * holds the lock that is named after its content, and after taking that still finds it there.
 */
const take = async (folder: string, path: string, draft: string, content: string): Promise<E.Either<string, void>> => {
  if (await place(draft, path, content)) return E.right(undefined);
  const found = await readIfThere(path);
  // given back in between
  if (found === undefined) return take(folder, path, draft, content);
  const holder = holderIn(found);
  const presence = holder === undefined ? 'runs' : await presenceOf(holder);
  if (presence !== 'ended') return E.left(inUse(folder, path, holder, presence));
  const takeover = takeoverPath(path, found);
  const won = await take(folder, takeover, draft, content);
  if (E.isLeft(won)) return won;
  const still = (await readIfThere(path)) === found;
  if (still) {
    // of this process alone, as the takeover is
    const copy = `${takeover}.${process.pid}.partial`;
    await writeFile(copy, content);
    await rename(copy, path);
  }
  await rm(takeover, { force: true });
  return still ? E.right(undefined) : take(folder, path, draft, content);
};

// Who finds one of these after the folder was locked finds another lock than it is named after.
const removeTakeovers = async (folder: string): Promise<void> => {
  for (const name of await readdir(folder)) if (takeoverName.test(name)) await rm(join(folder, name), { force: true });
};

const acquire = (folder: string): TE.TaskEither<string, void> => {
  const path = join(folder, lockName);
  const draft = `${path}.${process.pid}.partial`;
  return pipe(
    attempt('write', path, async () => {
      const content = jsonText(await thisProcess());
      await writeFile(draft, content);
      try {
        const taken = await take(folder, path, draft, content);
        if (E.isRight(taken)) await removeTakeovers(folder);
        return taken;
      } finally {
        await rm(draft, { force: true });
      }
    }),
    TE.mapLeft((error: FileError) => showFileError(error)),
    TE.flatMapEither((taken) => taken),
  );
};

/** Does something with a folder, which exists, while nobody else does; Left says who does. */
export const whileLocked = <A>(folder: string, use: TE.TaskEither<string, A>): TE.TaskEither<string, A> =>
  TE.bracket(
    acquire(folder),
    () => use,
    // a lock that cannot be taken away tells by its process that it is of no use any more
    () =>
      TE.fromTask(() =>
        rm(join(folder, lockName), { force: true }).then(
          () => undefined,
          () => undefined,
        ),
      ),
  );
