/** Folders that come into being where they are needed. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );

/**
 * Makes a folder and those above it that are missing. Node's own `recursive` tries for ever where the file system answers
 * a mkdir within an existing folder with ENOENT, as /proc does.
 */
export const makeFolders = async (path: string): Promise<void> => {
  if (await isFolder(path)) return;
  const above = dirname(path);
  if (above !== path) await makeFolders(above);
  try {
    await mkdir(path);
  } catch (thrown) {
    // another process may have made it meanwhile
    if (!(await isFolder(path))) throw thrown;
  }
};
