import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import * as O from 'fp-ts/lib/Option.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { showFileError } from '../../cli/files.js';
import { sameFolder, withFolder } from '../../cli/folder.js';
import { lockName } from '../../cli/lock.js';
import { type Changes, change, readCurrent, settle } from '../../cli/transaction.js';
import { leftOf, rightOf } from '../support/evaluation.js';

const changes = (entries: Readonly<Record<string, string | null>>): Changes =>
  new Map(Object.entries(entries).map(([name, content]) => [name, O.fromNullable(content)]));

describe('folders of runs and studies', () => {
  let parent: string;
  before(async () => {
    parent = await mkdtemp(join(tmpdir(), 'sgn-folder-'));
  });
  after(() => rm(parent, { recursive: true }));

  const made = async (name: string): Promise<string> => {
    const folder = join(parent, name);
    await mkdir(folder);
    return folder;
  };

  const use = (folder: string) => withFolder(folder, (content) => TE.right(content))();

  /** A folder with the lock of another process. */
  const lockedBy = async (name: string, holder: unknown): Promise<string> => {
    const folder = await made(name);
    await writeFile(join(folder, lockName), typeof holder === 'string' ? holder : JSON.stringify(holder));
    return folder;
  };

  describe('while one process uses a folder', () => {
    it('another is refused by the name of the first; afterwards it is not, and no lock is left', async () => {
      const folder = join(parent, 'new', 'own');
      const inner = rightOf(await withFolder(folder, () => TE.fromTask(() => use(folder)))());
      expect(leftOf(inner)).to.match(
        new RegExp(`own is in use by process ${process.pid} on ${hostname()}; wait for its end or choose another`),
      );
      expect(rightOf(await use(folder))).to.equal('nothing');
      expect(await readdir(folder)).to.deep.equal([]);
    });

    it('also where the first is another process that runs', async () => {
      const folder = await lockedBy('running', { pid: process.ppid, host: hostname() });
      expect(leftOf(await use(folder))).to.include(`in use by process ${process.ppid}`);
    });

    it('a failure gives it back', async () => {
      const folder = await made('failed');
      expect(leftOf(await withFolder(folder, () => TE.left('no'))())).to.equal('no');
      expect(await readdir(folder)).to.deep.equal([]);
    });
  });

  describe('a lock that its process left', () => {
    const endedPid = spawnSync(process.execPath, ['--version']).pid;

    it('is taken over where there is no such process any more', async () => {
      const folder = await lockedBy('ended', { pid: endedPid, host: hostname(), started: 'once' });
      rightOf(await use(folder));
      expect(await readdir(folder)).to.deep.equal([]);
    });

    const onLinux = process.platform === 'linux' ? it : it.skip;
    onLinux('is taken over where another process has its number now', async () => {
      rightOf(await use(await lockedBy('reused', { pid: process.ppid, host: hostname(), started: 'another boot 7' })));
    });

    onLinux('is taken over where the process has ended but its parent has not asked how', async () => {
      const child: ChildProcess = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 1000'], { stdio: 'pipe' });
      const pid = await new Promise<number>((resolve) => child.stdout?.on('data', (text) => resolve(Number(text))));
      // the inner shell's child ends by itself, and `sleep` never asks
      for (;;) {
        const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
        if (/\) Z /.test(stat)) break;
        await new Promise((resolve) => setImmediate(resolve));
      }
      rightOf(await use(await lockedBy('zombie', { pid, host: hostname(), started: 'once' })));
      child.kill('SIGKILL');
    });

    it('is taken over by one of many at a time', async () => {
      const folder = await lockedBy('contended', { pid: endedPid, host: hostname(), started: 'once' });
      const script = `
        import * as TE from '${process.cwd()}/node_modules/fp-ts/lib/TaskEither.js';
        import { withFolder } from '${process.cwd()}/cli/folder.js';
        process.stdin.once('data', async () => {
          const hold = withFolder(${JSON.stringify(folder)}, () => TE.fromTask(() => new Promise((resolve) => {
            process.stdout.write('taken\\n');
            process.stdin.once('data', resolve);
          })));
          if ((await hold())._tag === 'Left') process.stdout.write('refused\\n');
          process.exit();
        });
        process.stdout.write('ready\\n');`;
      const path = join(parent, 'contender.mts');
      await writeFile(path, script);
      const children = Array.from({ length: 4 }, () => spawn(process.execPath, ['--import', 'tsx', path]));
      const line = (child: ChildProcess): Promise<string> =>
        new Promise((resolve) => child.stdout?.once('data', (text) => resolve(String(text).trim())));
      try {
        await Promise.all(children.map(line));
        const outcomes = children.map(line);
        for (const child of children) child.stdin.write('go\n');
        expect((await Promise.all(outcomes)).sort()).to.deep.equal(['refused', 'refused', 'refused', 'taken']);
      } finally {
        for (const child of children) child.kill('SIGKILL');
      }
    });
  });

  it('a lock of another machine, or one that is none, is refused with what to do', async () => {
    const elsewhere = await lockedBy('elsewhere', { pid: 1, host: `not-${hostname()}`, started: 'once' });
    expect(leftOf(await use(elsewhere))).to.match(
      /which this machine cannot ask; if that process has ended, remove .*sgn\.lock/,
    );
    const unreadable = await lockedBy('unreadable', 'hello');
    expect(leftOf(await use(unreadable))).to.match(/sgn\.lock is no lock that this program can read; .* remove/);
    expect(await readFile(join(unreadable, lockName), 'utf8')).to.equal('hello');
  });

  const withPipes = process.platform === 'win32' ? it.skip : it;
  withPipes('so is one that is no file: it may have no end, or lead nowhere', async () => {
    const pipes = await made('pipe');
    spawnSync('mkfifo', [join(pipes, lockName)]);
    const [endless, dangling] = [await made('endless'), await made('dangling')];
    await symlink('/dev/zero', join(endless, lockName));
    await symlink('/nowhere/at/all', join(dangling, lockName));
    const long = await lockedBy('long', 'x'.repeat(1e6));
    for (const folder of [pipes, endless, dangling, long])
      expect(leftOf(await use(folder))).to.match(/sgn\.lock is no lock that this program can read; .* remove/);
  });

  it('says what a folder holds, also where it lies in a change that was not brought to its end', async () => {
    const run = await made('run');
    await mkdir(join(run, '.next'));
    await writeFile(join(run, '.next', 'config.json'), '{}');
    expect(rightOf(await use(run))).to.equal('a run');
    expect(await readdir(run)).to.deep.equal(['config.json']);
    const study = await made('study');
    await writeFile(join(study, 'study.json'), '{}');
    expect(rightOf(await use(study))).to.equal('a study');
  });

  it('tells whether a file or a folder is in another', async () => {
    const folder = await made('same');
    await writeFile(join(folder, 'checkpoint.json'), '');
    expect(await sameFolder(`${folder}/.`, folder)).to.equal(true);
    expect(await sameFolder(join(folder, 'checkpoint.json'), folder)).to.equal(true);
    expect(await sameFolder(parent, folder)).to.equal(false);
    expect(await sameFolder(join(folder, 'gone'), folder)).to.equal(false);
  });

  describe('files that change together', () => {
    const content = async (folder: string, name: string): Promise<string | undefined> => {
      const bytes = O.toUndefined(rightOf(await readCurrent(folder, name)()));
      return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
    };

    it('are as they are to be, and files that go are gone', async () => {
      const folder = await made('changed');
      await writeFile(join(folder, 'own'), 'stays');
      rightOf(await change(folder, changes({ a: '1', b: '1' }))());
      rightOf(await change(folder, changes({ a: '2', b: null, c: '2' }))());
      expect(await readdir(folder)).to.have.members(['a', 'c', 'own']);
      expect(await Promise.all(['a', 'b', 'c'].map((name) => content(folder, name)))).to.deep.equal([
        '2',
        undefined,
        '2',
      ]);
    });

    it('that were committed are read and finished, wherever the finishing was cut', async () => {
      for (const moved of [0, 1, 2]) {
        const folder = await made(`cut-${moved}`);
        rightOf(await change(folder, changes({ a: '1', b: '1', c: '1' }))());
        const next = join(folder, '.next');
        await mkdir(next);
        // what is left of a change to a: 2, b: gone, c: 2 when so many files are in place
        if (moved < 1) await writeFile(join(next, 'a'), '2');
        else await writeFile(join(folder, 'a'), '2');
        if (moved < 2) await writeFile(join(next, 'b'), '');
        else await rm(join(folder, 'b'));
        await writeFile(join(next, 'c'), '2');
        const all = () => Promise.all(['a', 'b', 'c'].map((name) => content(folder, name)));
        expect(await all()).to.deep.equal(['2', undefined, '2']);
        rightOf(await settle(folder)());
        expect(await all()).to.deep.equal(['2', undefined, '2']);
        expect(await readdir(folder)).to.have.members(['a', 'c']);
      }
    });

    it('that were not committed are as they were', async () => {
      const folder = await made('draft');
      rightOf(await change(folder, changes({ a: '1' }))());
      await mkdir(join(folder, '.next.partial'));
      await writeFile(join(folder, '.next.partial', 'a'), '2');
      expect(await content(folder, 'a')).to.equal('1');
      rightOf(await settle(folder)());
      expect(await readdir(folder)).to.deep.equal(['a']);
    });

    it('that cannot be written leave everything as it was', async () => {
      const folder = await made('unwritable');
      rightOf(await change(folder, changes({ a: '1' }))());
      const error = leftOf(await change(folder, changes({ a: '2', 'no/such/folder': '2' }))());
      expect(showFileError(error)).to.match(/^cannot write .*ENOENT/);
      expect(await content(folder, 'a')).to.equal('1');
      expect(await readdir(folder)).to.deep.equal(['a']);
    });
  });
});
