/** Runs inside a page: the case table on one mode of gpu.js, against the float64 interpreter. */
import * as E from 'fp-ts/lib/Either.js';
import type { GpujsMode } from '../../compiler/emit/gpujs/index.js';
import { gpujsTarget } from '../../runtime/gpujs/target.js';
import { showTargetError } from '../../runtime/target.js';
import { compareToInterpreter } from '../cases/compare.js';
import { programCases } from '../cases/programs.js';

/** What the page hands back. */
export interface PageReport {
  /** The target that ran, or why there is none. */
  readonly target: string;
  readonly description: string;
  /** For each case, where it differs from the interpreter, or the error it ended in. */
  readonly cases: readonly { readonly name: string; readonly differences: readonly string[] }[];
}

const runTable = async (mode: GpujsMode): Promise<PageReport> => {
  const opened = await gpujsTarget(mode)();
  if (E.isLeft(opened)) return { target: showTargetError(opened.left), description: '', cases: [] };
  const target = opened.right;
  const cases: { readonly name: string; readonly differences: readonly string[] }[] = [];
  for (const programCase of programCases) {
    const differences = await compareToInterpreter(target, programCase).catch((error: unknown) => [String(error)]);
    cases.push({ name: programCase.name, differences });
  }
  target.dispose();
  return { target: target.name, description: target.description, cases };
};

Object.assign(globalThis, { runTable });
