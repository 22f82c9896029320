import { execFileSync, spawnSync } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeFolder, readBytes, removeStale, replaceAt, replaceFile, showFileError } from '../../cli/files.js';
import { leftOf, rightOf } from '../support/evaluation.js';

describe('files', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sgn-files-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('folders come into being with those above them, once or several at a time', async () => {
    const path = join(folder, 'a', 'b', 'c');
    for (const made of await Promise.all([path, path, join(folder, 'a', 'd')].map((one) => makeFolder(one)())))
      rightOf(made);
    expect((await stat(path)).isDirectory()).to.equal(true);
    rightOf(await makeFolder(path)());
  });

  it('a folder that cannot be is an error by its reason', async () => {
    await writeFile(join(folder, 'file'), '');
    expect(showFileError(leftOf(await makeFolder(join(folder, 'file', 'x'))()))).to.match(/^cannot write .*EEXIST/);
  });

  // Linux answers a mkdir in /proc with ENOENT, which Node 20's recursive mkdir takes for a missing parent, for ever
  const onLinux = process.platform === 'linux' ? it : it.skip;
  onLinux('a folder in /proc is such an error, and soon', async () => {
    expect(showFileError(leftOf(await makeFolder('/proc/x')()))).to.match(/^cannot write \/proc\/x: ENOENT/);
  });

  it('a file that cannot be replaced stays, and leaves nothing beside it', async () => {
    const own = join(folder, 'own');
    rightOf(await makeFolder(own)());
    rightOf(await replaceFile(own, 'file', 'old')());
    // a file cannot be renamed over a folder
    await mkdir(join(own, 'folder'));
    leftOf(await replaceFile(own, 'folder', 'new')());
    expect(await readdir(own)).to.deep.equal(['file', 'folder']);
    expect(await readFile(join(own, 'file'), 'utf8')).to.equal('old');
  });

  it('a device has no end: it is refused before it is read, and so are a pipe and a file that is too large', async () => {
    const refusal = async (path: string, most?: number): Promise<string> =>
      showFileError(leftOf(await readBytes(path, most)()));
    expect(await refusal('/dev/zero')).to.match(/^cannot read \/dev\/zero: it is no regular file/);
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(await refusal(pipe)).to.match(/pipe: it is no regular file/);
    expect(await refusal(folder)).to.match(/: it is a folder, not a file$/);
    const sparse = join(folder, 'sparse');
    await writeFile(sparse, '');
    await truncate(sparse, 3 * 2 ** 40);
    expect(await refusal(sparse)).to.match(/sparse: it has 3072\.0 GiB; at most 2\.0 GiB are read$/);
    expect(await refusal(sparse, 2 ** 21)).to.match(/at most 2 MiB are read$/);
  });

  it('what a killed process left half written goes; what another process is writing, or the user owns, stays', async () => {
    const own = join(folder, 'left');
    rightOf(await makeFolder(own)());
    const ended = spawnSync(process.execPath, ['--version']).pid;
    const names = [`history.json.${ended}.partial`, `history.json.${process.ppid}.partial`, `thesis.${ended}.partial`];
    for (const name of names) await writeFile(join(own, name), 'half');
    rightOf(await removeStale(own, (name) => name === 'history.json')());
    expect(await readdir(own)).to.have.members(names.slice(1));
  });

  it('a file is replaced behind a link, and a device is written to', async () => {
    const [real, linked] = [join(folder, 'real'), join(folder, 'linked')];
    await writeFile(real, 'old');
    await symlink(real, linked);
    rightOf(await replaceAt(linked, 'new')());
    expect((await lstat(linked)).isSymbolicLink()).to.equal(true);
    expect(await readFile(real, 'utf8')).to.equal('new');
    rightOf(await replaceAt('/dev/null', 'new')());
    expect((await stat('/dev/null')).isCharacterDevice()).to.equal(true);
    leftOf(await replaceAt(folder, 'new')());
  });
});
