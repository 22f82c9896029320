/** The choice of a target: by name, or automatically; what was chosen and why is always told. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import {
  describeAdapter,
  findAdapter,
  isSoftwareAdapter,
  isSoftwareRenderer,
  webGl2Renderer,
} from './gpujs/adapter.js';
import { gpujsTarget } from './gpujs/target.js';
import { interpreterTarget } from './interpreter.js';
import type { Target, TargetError, TargetName } from './target.js';
import { wasmTarget } from './wasm/index.js';

/** A target, and why it is this one. */
export interface TargetChoice {
  readonly target: Target;
  /** One line for people. */
  readonly reason: string;
}

/** One line for people. */
export const showTargetChoice = ({ target, reason }: TargetChoice): string =>
  `${target.name} (${target.description}; ${reason})`;

const open: Readonly<Record<TargetName, TE.TaskEither<TargetError, Target>>> = {
  'gpujs:webgpu': gpujsTarget('webgpu'),
  'gpujs:webgl2': gpujsTarget('webgl2'),
  'gpujs:webgl': gpujsTarget('webgl'),
  'gpujs:webasm': gpujsTarget('webasm'),
  'gpujs:cpu': gpujsTarget('cpu'),
  wasm: wasmTarget(),
  interpreter: TE.right(interpreterTarget),
};

/** What `auto` stands for here, and why: a real GPU if there is one (a software adapter is none), else
 * WebAssembly. */
const decide = async (): Promise<{ readonly name: TargetName; readonly reason: string }> => {
  const adapter = await findAdapter();
  if (E.isRight(adapter) && !isSoftwareAdapter(adapter.right))
    return { name: 'gpujs:webgpu', reason: `auto: a GPU answers, ${describeAdapter(adapter.right)}` };
  const noWebGpu = E.isLeft(adapter) ? adapter.left : `${describeAdapter(adapter.right)} is software`;
  const renderer = webGl2Renderer();
  if (renderer !== undefined && !isSoftwareRenderer(renderer))
    return { name: 'gpujs:webgl2', reason: `auto: a GPU answers, WebGL 2 on ${renderer} (${noWebGpu})` };
  return { name: 'wasm', reason: `auto: no GPU (${noWebGpu}), so WebAssembly` };
};

/**
 * Opens the named target, or the best one for `auto`. Left where the named one is not available here; nothing else is
 * tried in its place.
 */
export const chooseTarget = (name: TargetName | 'auto'): TE.TaskEither<TargetError, TargetChoice> =>
  pipe(
    TE.fromTask(name === 'auto' ? decide : async () => ({ name, reason: 'as asked for' })),
    TE.flatMap((choice) =>
      pipe(
        open[choice.name],
        TE.map((target) => ({ target, reason: choice.reason })),
      ),
    ),
  );
