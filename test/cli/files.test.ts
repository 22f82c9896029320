import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeFolder, removeFile, replaceFile, showFileError } from '../../cli/files.js';
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

  it('a file is removed, whether it is there or not', async () => {
    rightOf(await replaceFile(folder, 'gone', '')());
    rightOf(await removeFile(folder, 'gone')());
    rightOf(await removeFile(folder, 'gone')());
    expect(await readdir(folder)).not.to.include('gone');
  });
});
