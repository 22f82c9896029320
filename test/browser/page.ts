/** Runs inside a page: the case table on one mode of gpu.js, against the float64 interpreter. */
import * as E from 'fp-ts/lib/Either.js';
import type { GpujsMode } from '../../compiler/emit/gpujs/index.js';
import { webGl2Renderer } from '../../runtime/gpujs/adapter.js';
import { gpujsTarget } from '../../runtime/gpujs/target.js';
import { type ShaderLanguage, shaderSources } from '../../runtime/gpujs/translate.js';
import { showTargetError, type Target } from '../../runtime/target.js';
import { compareToInterpreter, outputsOf } from '../cases/compare.js';
import { programCases } from '../cases/programs.js';

/** What the page hands back. */
export interface PageReport {
  /** The target that ran, or why there is none. */
  readonly target: string;
  readonly description: string;
  /** Languages of the sources of a kernel that has run. */
  readonly languages: readonly string[];
  /** The name of WebGL 2's renderer. */
  readonly renderer: string | undefined;
  /** For each case, where it differs from the interpreter, or the error it ended in. */
  readonly cases: readonly { readonly name: string; readonly differences: readonly string[] }[];
}

const languagesOf = async (target: Target): Promise<readonly string[]> => {
  const [first] = programCases;
  const executable = first === undefined ? undefined : await target.compile(first.program)();
  if (first === undefined || executable === undefined || E.isLeft(executable)) return [];
  for (const run of first.runs) await outputsOf(executable.right, run);
  return executable.right.sources().map(({ language }) => language);
};

const runTable = async (mode: GpujsMode): Promise<PageReport> => {
  const opened = await gpujsTarget(mode)();
  const renderer = webGl2Renderer();
  if (E.isLeft(opened))
    return { target: showTargetError(opened.left), description: '', languages: [], renderer, cases: [] };
  const target = opened.right;
  const cases: { readonly name: string; readonly differences: readonly string[] }[] = [];
  for (const programCase of programCases) {
    const differences = await compareToInterpreter(target, programCase).catch((error: unknown) => [String(error)]);
    cases.push({ name: programCase.name, differences });
  }
  const languages = await languagesOf(target);
  target.dispose();
  return { target: target.name, description: target.description, languages, renderer, cases };
};

/** A kernel whose shader on a device is another than without one. */
export interface ShaderDifference {
  readonly name: string;
  readonly device: string | undefined;
  readonly translated: string;
}

/** Translates every program without a device, and compares with what the device got; how many, and which differ. */
const compareShaders = async (
  mode: GpujsMode,
  language: ShaderLanguage,
): Promise<{ readonly compared: number; readonly differences: readonly ShaderDifference[] }> => {
  const opened = await gpujsTarget(mode)();
  if (E.isLeft(opened)) return { compared: 0, differences: [] };
  const compared: ShaderDifference[] = [];
  for (const { name, program, runs } of programCases) {
    const executable = await opened.right.compile(program)();
    if (E.isLeft(executable)) continue;
    for (const run of runs) await outputsOf(executable.right, run);
    const texts = new Map(
      executable.right
        .sources()
        .flatMap((source) => (source.language === language ? [[source.kernel, source.text] as const] : [])),
    );
    for (const { kernel, text } of shaderSources(program, language).sources)
      compared.push({ name: `${name}, ${kernel}`, device: texts.get(kernel), translated: text });
    executable.right.dispose();
  }
  opened.right.dispose();
  return {
    compared: compared.length,
    differences: compared.filter(({ device, translated }) => device !== translated),
  };
};

Object.assign(globalThis, { runTable, compareShaders });
