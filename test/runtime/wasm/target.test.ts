/** The WebAssembly target: handles, memory over many runs, errors by name, and what happens when a thread is lost. */
import { setFlagsFromString } from 'node:v8';
import { assert } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { control } from '../../../compiler/emit/wasm/layout.js';
import { showTargetError } from '../../../runtime/target.js';
import { type Surroundings, surroundings } from '../../../runtime/wasm/host.js';
import { hasRelaxedSimd, wasmTarget } from '../../../runtime/wasm/index.js';
import type { ThreadHost, WorkerEvents, WorkerHandle } from '../../../runtime/wasm/pool.js';
import { affine, apply, fold, load, loop, pointwise, productTerm, program, step } from '../../cases/builder.js';
import { arraysOf, compileOn, rightOf, runStage, targetFor } from './run.js';

const [batch, inner, units] = [400, 300, 24];

/** z = x · w by rows, large enough for several threads; then the sum of z. */
const product = program(
  'product',
  [
    { name: 'x', shape: [batch, inner] },
    { name: 'w', shape: [inner, units] },
    { name: 'z', shape: [batch, units] },
    { name: 'total', shape: [] },
  ],
  [
    {
      name: 'main',
      inputs: [0, 1],
      outputs: [2, 3],
      steps: [
        step(
          fold({
            name: 'product',
            outputs: [batch, units],
            folded: [inner],
            output: 2,
            terms: [productTerm({ buffer: 0, columns: inner }, { buffer: 1, columns: units })],
          }),
        ),
        step(
          fold({
            name: 'total',
            outputs: [],
            folded: [batch * units],
            output: 3,
            terms: [[load(2, affine([[0, 1]]))]],
          }),
        ),
      ],
    },
  ],
);

const values = (length: number, seed: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin(0.37 * i * seed + seed));

const productInputs = { x: values(batch * inner, 1), w: values(inner * units, 2) };

/** y = x + 1 on a vector. */
const successor = program(
  'successor',
  [
    { name: 'x', shape: [100] },
    { name: 'one', shape: [] },
    { name: 'y', shape: [100] },
  ],
  [
    {
      name: 'main',
      inputs: [0, 1],
      outputs: [2],
      steps: [
        step(
          pointwise('add', [loop(100)], [0], 2, [load(0, affine([[0, 1]])), load(1, affine([])), apply('add', 0, 1)]),
        ),
      ],
    },
  ],
);

describe('wasm target', () => {
  const [one, two] = [targetFor({ threads: 1 }), targetFor({ threads: 2 })];

  it('gives the same bits on one thread, on two, and again', async () => {
    const results: Readonly<Record<string, Float32Array | number>>[] = [];
    for (const target of [one, two, two]) {
      const executable = await compileOn(await target(), product);
      const result = await runStage(executable, 'main', productInputs);
      results.push({ ...(await arraysOf(result)), ...result.scalars });
      executable.dispose();
    }
    assert.deepEqual(results[1], results[0]);
    assert.deepEqual(results[2], results[0]);
  });

  it('says on how many threads it runs', async () => {
    const [single, double] = [await compileOn(await one(), product), await compileOn(await two(), product)];
    assert.deepEqual([single.threads, double.threads], [1, 2]);
    assert.match((await two()).description, /2 threads/);
    assert.equal((await compileOn(await two(), successor)).threads, 1, 'a small program runs on one thread');
  });

  it('holds 10 000 states in the same memory, and keeps every array that is still held', async () => {
    const executable = await compileOn(await one(), successor);
    const bytes = executable.memoryBytes;
    const first = await runStage(executable, 'main', { x: new Float32Array(100), one: 1 });
    let state = first.arrays.y;
    for (let i = 1; i < 10_000; i += 1)
      state = (await runStage(executable, 'main', { x: state ?? new Float32Array(100), one: 1 })).arrays.y;
    assert.equal(rightOf((await state?.read()) ?? E.right(new Float32Array(1)))[99], 10_000);
    assert.equal((await arraysOf(first)).y?.[99], 1);
    assert.equal(executable.memoryBytes, bytes);
    assert.equal(bytes, 65536, 'one page is enough for 300 numbers and a few slots');
  });

  it('takes arrays of another executable, and keeps its own after it is disposed of', async () => {
    const [from, to] = [await compileOn(await one(), successor), await compileOn(await one(), successor)];
    const { y } = (await runStage(from, 'main', { x: new Float32Array(100), one: 5 })).arrays;
    from.dispose();
    const result = await runStage(to, 'main', { x: y ?? new Float32Array(100), one: 2 });
    assert.equal((await arraysOf(result)).y?.[0], 7);
    assert.equal(rightOf((await y?.read()) ?? E.right(new Float32Array(1)))[0], 5);
  });

  it('refuses unknown stages and inputs that do not fit, by name', async () => {
    const executable = await compileOn(await one(), successor);
    const errors = await Promise.all([
      executable.run('other', {})(),
      executable.run('main', { x: new Float32Array(100) })(),
      executable.run('main', { x: new Float32Array(99), one: 1 })(),
    ]);
    const texts = errors.map((error) => (E.isLeft(error) ? showTargetError(error.left) : 'no error'));
    assert.match(texts[0] ?? '', /stage other: expected one of the stages main/);
    assert.match(texts[1] ?? '', /input one: expected 1 elements.*got nothing/);
    assert.match(texts[2] ?? '', /input x: expected 100 elements.*got 99 elements/);
  });

  it('refuses a number of threads that is none', async () => {
    for (const threads of [0, -1, 1.5, Number.NaN]) {
      const target = await wasmTarget({ threads })();
      assert.isTrue(E.isLeft(target) && target.left._tag === 'TargetUnavailable');
    }
  });

  it('runs on one thread where memory cannot be shared, and says so', async () => {
    const alone: Surroundings = { host: E.left('no shared memory here'), processors: 4, engine: 'test' };
    const target = rightOf(await wasmTarget({ surroundings: alone })());
    assert.match(target.description, /1 thread \(no shared memory here\), test/);
    const executable = await compileOn(target, product);
    assert.equal(executable.threads, 1);
    assert.isNumber((await runStage(executable, 'main', productInputs)).scalars.total);
  });

  it('fuses multiply and add where that is asked for and the engine can', async () => {
    const without = await wasmTarget({ threads: 1, relaxedSimd: true })();
    assert.equal(E.isRight(without), hasRelaxedSimd());
    // Node 20 has it behind a flag, which takes effect for modules compiled from now on
    setFlagsFromString('--experimental-wasm-relaxed-simd');
    const target = rightOf(await wasmTarget({ threads: 1, relaxedSimd: true })());
    assert.match(target.description, /fused multiply-add/);
    const fused = await arraysOf(await runStage(await compileOn(target, product), 'main', productInputs));
    const exact = await arraysOf(await runStage(await compileOn(await one(), product), 'main', productInputs));
    assert.notDeepEqual(fused, exact, 'other roundings');
    for (const [i, value] of (exact.z ?? []).entries()) assert.closeTo(fused.z?.[i] ?? Number.NaN, value, 1e-4);
  });

  it('refuses a program that needs more than 4 GiB', async () => {
    const huge = { ...successor, memory: { ...successor.memory, length: 2 ** 31 } };
    const compiled = await (await one()).compile(huge)();
    assert.isTrue(E.isLeft(compiled) && compiled.left._tag === 'TargetCompileError');
  });
});

describe('wasm target: memory of disposed programs', () => {
  /** y = tanh(x) on vectors that take 16 MB; no two numbers give the same program. */
  const large = (number: number) => {
    const length = 2 ** 21 + 4 * number;
    return program(
      `large${number}`,
      [
        { name: 'x', shape: [length] },
        { name: 'y', shape: [length] },
      ],
      [
        {
          name: 'main',
          inputs: [0],
          outputs: [1],
          steps: [step(pointwise('tanh', [loop(length)], [0], 1, [load(0, affine([[0, 1]])), apply('tanh', 0)]))],
        },
      ],
    );
  };

  const two = targetFor({ threads: 2 });

  it('returns: 200 compilations and disposals end where the first ten do', async () => {
    const target = await two();
    const sizes: number[] = [];
    for (let i = 0; i < 200; i += 1) {
      const executable = await compileOn(target, large(i));
      const length = executable.program.buffers[0]?.length;
      await runStage(executable, 'main', { x: new Float32Array(length ?? Number.NaN).fill(1) });
      sizes.push(process.memoryUsage().rss);
      executable.dispose();
    }
    const peak = (from: number, to: number): number => Math.max(...sizes.slice(from, to));
    assert.isBelow(peak(190, 200), 1.2 * peak(0, 10));
  });

  it('is not held by arrays that outlive it, which can still be read; the program cannot be run any more', async () => {
    const executable = await compileOn(await two(), product);
    const { arrays } = await runStage(executable, 'main', productInputs);
    const before = await arraysOf({ arrays, scalars: {} });
    executable.dispose();
    executable.dispose();
    assert.deepEqual(await arraysOf({ arrays, scalars: {} }), before);
    const result = await executable.run('main', productInputs)();
    assert.match(E.isLeft(result) ? showTargetError(result.left) : 'no error', /has been disposed of/);
  });
});

describe('wasm target: lost threads', () => {
  /** This engine's threads, started from another script if one is given, with the handles of those started. */
  const watched = (
    script?: string,
  ): {
    readonly around: Surroundings;
    readonly workers: readonly WorkerHandle[];
    /** Settles when one of them has been reported as lost. */
    readonly lost: Promise<void>;
  } => {
    const around = surroundings();
    const workers: WorkerHandle[] = [];
    if (E.isLeft(around.host)) throw new Error(around.host.left);
    const host = around.host.right;
    let tell = (): void => undefined;
    const lost = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const start: ThreadHost['start'] = (source, events) => {
      const failed: WorkerEvents['failed'] = (reason) => {
        events.failed(reason);
        tell();
      };
      const worker = host.start(script ?? source, { ...events, failed });
      workers.push(worker);
      return worker;
    };
    return { around: { ...around, host: E.right({ ...host, start }) }, workers, lost };
  };

  it('become an error as soon as the loss is known', async () => {
    const { around, workers, lost } = watched();
    const target = rightOf(await wasmTarget({ threads: 2, surroundings: around })());
    const executable = await compileOn(target, product);
    const before = await runStage(executable, 'main', productInputs);
    for (const worker of workers) worker.terminate();
    // a helper that has taken nothing is not missed
    const unknown = await executable.run('main', productInputs)();
    if (E.isRight(unknown)) assert.deepEqual(unknown.right.scalars, before.scalars);
    await lost;
    for (let i = 0; i < 2; i += 1) {
      const result = await executable.run('main', productInputs)();
      const text = E.isLeft(result) ? showTargetError(result.left) : 'no error';
      assert.match(text, /target wasm failed in stage main: a helper thread was lost: it ended with code/);
    }
    target.dispose();
  });

  // takes one task, when the engine has optimised what main runs meanwhile, and never finishes it
  const thief = `
    const { parentPort: port } = require('node:worker_threads');
    port.on('message', ({ kind, memory }) => {
      if (kind !== 'enter') port.postMessage({ kind: 'ready' });
      if (kind !== 'add') return;
      const [tickets, words] = [new BigInt64Array(memory.buffer), new Int32Array(memory.buffer)];
      for (;;) {
        if (Atomics.load(words, ${control.epoch / 4}) < 200) continue;
        const ticket = Atomics.load(tickets, ${control.ticket / 8});
        if ((ticket & 0xffffffffn) >= ticket >> 32n) continue;
        // only the ticket that was seen free counts as taken: main may have been faster
        if (Atomics.compareExchange(tickets, ${control.ticket / 8}, ticket, ticket + 1n) !== ticket) continue;
        Atomics.wait(words, 255, 0);
      }
    });
  `;

  it('become an error, not a hang, when a helper never finishes what it has taken', async () => {
    const { around } = watched(thief);
    const target = rightOf(await wasmTarget({ threads: 2, surroundings: around })());
    const executable = await compileOn(target, product);
    let text = 'no error';
    while (text === 'no error') {
      const result = await executable.run('main', productInputs)();
      if (E.isLeft(result)) text = showTargetError(result.left);
    }
    assert.match(text, /target wasm failed in stage main: a helper thread did not finish its task/);
    const again = await executable.run('main', productInputs)();
    assert.isTrue(E.isLeft(again), 'the pool stays broken');
    target.dispose();
  });
});
