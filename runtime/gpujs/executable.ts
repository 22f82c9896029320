/** Runs a planned program on a device: every buffer is a handle, every kernel call makes a new one. */
import * as E from 'fp-ts/lib/Either.js';
import type { GpujsPlan, StagePlan } from '../../compiler/emit/gpujs/index.js';
import type { Kernel, Program, Step } from '../../compiler/program.js';
import { at, internal } from '../../dsl/internal.js';
import { stageGate, turnstile } from '../stages.js';
import type { DeviceArray, Executable, StageInput, StageResult, TargetError } from '../target.js';
import type { Device } from './device.js';
import { type Handle, handleOf, hold, leaseArray } from './handles.js';
import { deviceKernel, lostOr, messageOf } from './kernels.js';
import type { NativeKernel } from './library.js';

type Outcome<A> = Promise<E.Either<TargetError, A>>;

const done: E.Either<TargetError, void> = E.right(undefined);

/** Makes a planned program runnable. */
export const executableOf = (source: Program, plan: GpujsPlan, device: Device): Executable => {
  const { program } = plan;
  const compiled = new Map<string, NativeKernel>();
  const kernels = new Map(
    [...plan.kernels].map(([kernel, emitted]) => [kernel, deviceKernel(emitted, device, compiled)]),
  );
  const slots: (Handle | undefined)[] = program.buffers.map(() => undefined);
  const { admit, done: finished } = stageGate(source);
  const inTurn = turnstile();

  const failure = (stage: string, reason: string): TargetError =>
    lostOr(device, { _tag: 'TargetExecutionError', target: `gpujs:${device.mode}`, stage, reason });
  const fill = (buffer: number, handle: Handle | undefined): void => {
    slots[buffer]?.release();
    slots[buffer] = handle;
  };
  // A run that fails leaves nothing behind: no later stage reads half of it.
  const forget = (): void => {
    for (const buffer of slots.keys()) fill(buffer, undefined);
  };
  const slot = (stage: string, buffer: number): E.Either<TargetError, Handle> => {
    const handle = slots[buffer];
    return handle === undefined
      ? E.left(failure(stage, `buffer ${program.buffers[buffer]?.name ?? buffer} is read before it is written`))
      : E.right(handle);
  };
  const download = async (stage: string, buffer: number): Outcome<Float32Array> => {
    const handle = slot(stage, buffer);
    if (E.isLeft(handle)) return handle;
    try {
      return E.right(await device.download(handle.right.native, handle.right.length));
    } catch (error) {
      return E.left(failure(stage, messageOf(error)));
    }
  };

  const accept = async (stage: string, input: StageInput): Outcome<Handle> => {
    const own = typeof input === 'object' && 'read' in input ? handleOf(input, device) : undefined;
    if (own !== undefined) return E.right(own.retain());
    const values = await hostValues(input);
    if (E.isLeft(values)) return values;
    try {
      const { length } = values.right;
      return E.right(hold(device, await device.upload(values.right), length, [length]));
    } catch (error) {
      return E.left(failure(stage, messageOf(error)));
    }
  };

  const runKernel = async (stage: string, kernel: Kernel): Outcome<void> => {
    const compiledKernel = kernels.get(kernel);
    if (compiledKernel === undefined) return E.left(failure(stage, `kernel ${kernel.name} is not part of the plan`));
    const buffers: Handle[] = [];
    for (const buffer of compiledKernel.emitted.buffers) {
      const handle = slot(stage, buffer);
      if (E.isLeft(handle)) return handle;
      buffers.push(handle.right);
    }
    const result = await compiledKernel.call(stage, buffers);
    if (E.isLeft(result)) return result;
    const { length, threads } = compiledKernel.emitted;
    fill(kernel.output, hold(device, result.right, length, threads));
    return done;
  };

  const runSteps = async (stage: string, steps: readonly Step[], retire: (step: number) => void): Outcome<void> => {
    for (const [i, step] of steps.entries()) {
      const outcome = await runStep(stage, step);
      if (E.isLeft(outcome)) return outcome;
      retire(i);
    }
    return done;
  };

  const runStep = async (stage: string, step: Step): Outcome<void> => {
    switch (step.kind) {
      case 'kernel':
        return runKernel(stage, step.kernel);
      case 'copy': {
        const from = slot(stage, step.from);
        if (E.isRight(from)) fill(step.to, from.right.retain());
        return E.map(() => undefined)(from);
      }
      case 'join':
        return E.left(failure(stage, 'a join has not been lowered'));
      case 'loop':
        for (;;) {
          const condition = await runSteps(stage, step.condition, () => undefined);
          if (E.isLeft(condition)) return condition;
          const proceed = await download(stage, step.proceed);
          if (E.isLeft(proceed)) return proceed;
          if (proceed.right[0] === 0) return done;
          const body = await runSteps(stage, step.body, () => undefined);
          if (E.isLeft(body)) return body;
        }
    }
  };

  const collect = async ({ stage, scalars }: StagePlan): Outcome<StageResult> => {
    const read = scalars === undefined ? E.right(new Float32Array(0)) : await download(stage.name, scalars);
    if (E.isLeft(read)) return read;
    const scalarPorts = stage.outputs.filter(({ shape }) => shape.length === 0);
    // entries, as an assignment would lose an output of the name __proto__
    const arrays = new Map<string, DeviceArray>();
    for (const { name, buffer, shape } of stage.outputs) {
      if (shape.length === 0) continue;
      const handle = slot(stage.name, buffer);
      if (E.isLeft(handle)) return handle;
      arrays.set(
        name,
        leaseArray(handle.right, (error) => failure(stage.name, messageOf(error))),
      );
    }
    return E.right({
      scalars: Object.fromEntries(
        scalarPorts.map(({ name }, i) => [name, at(read.right, i, `scalars of ${stage.name}`)]),
      ),
      arrays: Object.fromEntries(arrays),
    });
  };

  const run: Executable['run'] = (name, inputs) =>
    inTurn(async () => {
      const admitted = admit(name, inputs);
      if (E.isLeft(admitted)) return admitted;
      const stage = plan.stages.find((candidate) => candidate.stage.name === name);
      if (stage === undefined) return E.left(failure(name, 'the stage is not part of the plan'));
      for (const port of stage.stage.inputs) {
        const handle = await accept(name, inputs[port.name] ?? internal(name, `input ${port.name} was admitted`));
        if (E.isLeft(handle)) return handle;
        fill(port.buffer, handle.right);
      }
      const outcome = await runSteps(name, stage.stage.steps, (step) => {
        for (const buffer of at(stage.done, step, `steps of ${name}`)) fill(buffer, undefined);
      });
      if (E.isLeft(outcome)) {
        forget();
        return outcome;
      }
      const result = await collect(stage);
      const fault = device.takeFault() ?? device.lost();
      if (fault !== undefined) {
        forget();
        return E.left(failure(name, fault));
      }
      if (E.isRight(result)) finished(admitted.right);
      return result;
    });

  return {
    program: source,
    memoryBytes: program.buffers.reduce((bytes, { length }) => bytes + 4 * length, 0),
    threads: 1,
    run,
    exclusive: turnstile(),
    sources: () => [...kernels.values()].flatMap((kernel) => kernel.sources()),
    dispose: () => {
      forget();
      for (const kernel of kernels.values()) kernel.dispose();
    },
  };
};

/** Host values of an input: a number as one element; another target's array is read. */
const hostValues = async (input: StageInput): Outcome<Float32Array> => {
  if (typeof input === 'number') return E.right(Float32Array.of(input));
  return input instanceof Float32Array ? E.right(input) : input.read();
};
