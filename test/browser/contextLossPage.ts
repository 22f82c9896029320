/** Runs inside a page: a program on WebGL whose context is taken away between its runs. */
import * as E from 'fp-ts/lib/Either.js';
import { gpujsTarget } from '../../runtime/gpujs/target.js';
import { type Executable, showTargetError, type TargetError } from '../../runtime/target.js';
import { affine, apply, load, loop, pointwise, program, step } from '../cases/builder.js';

/** What the page hands back: values, or the error as people read it and its tag. */
export type Outcome =
  | { readonly values: readonly number[] }
  | { readonly tag: TargetError['_tag']; readonly text: string };

/** Runs before the context is lost, after it, the read of an array that was computed before, and a target opened anew. */
export interface LossReport {
  readonly before: Outcome;
  readonly after: Outcome;
  readonly read: Outcome;
  readonly anew: Outcome;
}

const squares = program(
  'squares',
  [
    { name: 'x', shape: [3] },
    { name: 'y', shape: [3] },
  ],
  [
    {
      name: 'run',
      inputs: [0],
      outputs: [1],
      steps: [step(pointwise('square', [loop(3)], [0], 1, [load(0, affine([[0, 1]])), apply('mul', 0, 0)]))],
    },
  ],
);

const outcomeOf = <A>(
  result: E.Either<TargetError, A>,
  values: (right: A) => Promise<Outcome> | Outcome,
): Promise<Outcome> | Outcome =>
  E.isLeft(result) ? { tag: result.left._tag, text: showTargetError(result.left) } : values(result.right);

const contexts: (WebGLRenderingContext | WebGL2RenderingContext)[] = [];

// The contexts that gpu.js asks canvases for: its own tests for WebGL among them.
const recordContexts = (): void => {
  const original = HTMLCanvasElement.prototype.getContext;
  Object.assign(HTMLCanvasElement.prototype, {
    getContext(this: HTMLCanvasElement, ...args: Parameters<typeof original>) {
      const context: RenderingContext | null = Reflect.apply(original, this, args);
      if (context instanceof WebGLRenderingContext || context instanceof WebGL2RenderingContext) contexts.push(context);
      return context;
    },
  });
};

/** Takes away every context that there is, and waits until the browser has said so. */
const loseContexts = (): Promise<unknown> =>
  Promise.all(
    contexts
      .filter((context) => !context.isContextLost())
      .map(
        (context) =>
          new Promise((resolve) => {
            context.canvas.addEventListener('webglcontextlost', resolve, { once: true });
            context.getExtension('WEBGL_lose_context')?.loseContext();
          }),
      ),
  );

const loseContext = async (mode: 'webgl2' | 'webgl'): Promise<LossReport | string> => {
  const open = async (): Promise<Executable> => {
    const target = await gpujsTarget(mode)();
    if (E.isLeft(target)) throw new Error(showTargetError(target.left));
    const executable = await target.right.compile(squares)();
    if (E.isLeft(executable)) throw new Error(showTargetError(executable.left));
    return executable.right;
  };
  const run = (executable: Executable) => executable.run('run', { x: Float32Array.of(1, 2, 3) })();
  type Result = Awaited<ReturnType<typeof run>>;
  const read = (result: Result): Promise<Outcome> | Outcome =>
    outcomeOf(result, async ({ arrays: { y } }) =>
      y === undefined
        ? { values: [] }
        : outcomeOf(await y.read(), (values): Outcome => ({ values: Array.from(values) })),
    );
  const executable = await open();
  const before = await read(await run(executable));
  const unread = await run(executable);
  await loseContexts();
  const after = await read(await run(executable));
  const anew = await open();
  return { before, after, read: await read(unread), anew: await read(await run(anew)) };
};

recordContexts();
Object.assign(globalThis, { loseContext });
