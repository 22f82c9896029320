/** Runs the TypeScript compiler, as an editor would, on a small project over the language. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');

/** The language as a module for sources outside of the package's folder. */
export const language = join(root, 'dsl', 'index.js');

/** The types of arithmetic, likewise. */
export const arithmetic = join(root, 'dsl', 'types', 'arithmetic.js');

/** What the compiler said. */
export interface Compilation {
  readonly output: string;
  /** How many types it instantiated, its measure of work. */
  readonly instantiations: number;
}

/** The built package, as other projects import it. */
export const builtPackage = join(root, 'dist', 'index.js');

/** Compiles one source text, or a file of this folder, under the package's options with some replaced. */
export const compile = (
  source: string | { readonly file: string },
  replaced: Readonly<Record<string, unknown>> = {},
): Compilation => {
  const folder = mkdtempSync(join(tmpdir(), 'sgn-types-'));
  try {
    const file = typeof source === 'string' ? join(folder, 'source.mts') : join(root, 'test', 'dsl', source.file);
    if (typeof source === 'string') writeFileSync(file, source);
    const options = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { types: [], typeRoots: [join(root, 'node_modules', '@types')], ...replaced },
      include: [],
      files: [file],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options));
    const flags = ['--extendedDiagnostics', '--noErrorTruncation', '--pretty', 'false'];
    const { stdout } = spawnSync(process.execPath, [compiler, '-p', folder, ...flags], { encoding: 'utf8' });
    const instantiations = Number(/^Instantiations:\s*(\d+)/m.exec(stdout)?.[1]);
    return { output: stdout.slice(0, stdout.search(/^Files:/m)), instantiations };
  } finally {
    rmSync(folder, { recursive: true });
  }
};
