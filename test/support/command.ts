/** The command `sgn` as users have it: the build, which starts in a third of the time that its sources take. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const built = 'dist/cli/main.js';
const sources = ['dsl', 'compiler', 'runtime', 'optim', 'examples', 'cli', 'bench', 'web'];

const newest = Math.max(
  ...sources.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => statSync(join(folder, file)).mtimeMs),
  ),
);

const buildTime = statSync('dist/index.js', { throwIfNoEntry: false })?.mtimeMs;
if (buildTime === undefined || buildTime < newest)
  throw new Error('the build is older than the sources: npm run build');

/** What Node is given to run `sgn`: arguments follow. */
export const sgnCommand: readonly string[] = [built];

/** `sgn` from its sources, which takes modules in TypeScript. */
export const sgnFromSources: readonly string[] = ['--import', 'tsx', 'cli/main.ts'];
