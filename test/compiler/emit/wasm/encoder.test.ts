/** The encoder and the text form, on small functions that show every kind of code. */
import { assert } from 'chai';
import * as fc from 'fast-check';
import {
  add,
  block,
  branch,
  call,
  choose,
  f32,
  get,
  i32,
  i64,
  label,
  local,
  loop,
  memory,
  plain,
  scale,
  set,
  type WasmFunction,
  when,
} from '../../../../compiler/emit/wasm/code.js';
import { encodeModule, type WasmModule } from '../../../../compiler/emit/wasm/encoder.js';
import { emitProgram } from '../../../../compiler/emit/wasm/index.js';
import { showFunction, showModule } from '../../../../compiler/emit/wasm/text.js';
import { programCases } from '../../../cases/programs.js';

const moduleOf = (...functions: readonly WasmFunction[]): WasmModule => ({
  memory: { shared: false, minimum: 1, maximum: 1 },
  functions,
});

const instantiate = (module: WasmModule) => {
  const linear = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(encodeModule(module)), {
    env: { memory: linear },
  });
  return (name: string, ...args: readonly number[]): unknown => {
    const fn = exports[name];
    return typeof fn === 'function' ? fn(...args) : undefined;
  };
};

const exported = (name: string, fn: Omit<WasmFunction, 'name' | 'exported'>): WasmFunction => ({
  name,
  exported: true,
  ...fn,
});

// n! by a loop
const factorial = (() => {
  const [n, product] = [local('i32', 'n'), local('i32', 'product')];
  const [done, again] = [label('done'), label('again')];
  return exported('factorial', {
    params: [n],
    results: ['i32'],
    body: [
      set(product, i32(1)),
      block(done, [
        loop(again, [
          branch(done, plain('i32.eqz', get(n))),
          set(product, plain('i32.mul', get(product), get(n))),
          set(n, plain('i32.sub', get(n), i32(1))),
          branch(again),
        ]),
      ]),
      get(product),
    ],
  });
})();

describe('wasm encoder', () => {
  it('encodes integer constants of any size', () =>
    fc.assert(
      fc.property(fc.integer(), fc.double({ noNaN: true }), (integer, float) => {
        const run = instantiate(
          moduleOf(
            exported('integer', { params: [], results: ['i32'], body: [i32(integer)] }),
            exported('long', { params: [], results: ['i64'], body: [i64(integer * 2 ** 20)] }),
            exported('float', { params: [], results: ['f32'], body: [f32(float)] }),
          ),
        );
        assert.equal(run('integer'), integer);
        assert.equal(run('long'), BigInt(integer) * 2n ** 20n);
        assert.isTrue(Object.is(run('float'), Math.fround(float)));
      }),
    ));

  it('encodes loops, branches, conditions, memory and calls', () => {
    const x = local('i32', 'x');
    const combine = exported('combine', {
      params: [x],
      results: ['i32'],
      body: [
        when(plain('i32.gt_s', get(x), i32(4)), [plain('return', i32(-1))], [memory('i32.store', 8, get(x), i32(7))]),
        choose('i32', get(x), [call('factorial', get(x))], [add(i32(2), scale(i32(3), 5))]),
      ],
    });
    const peek = exported('peek', { params: [x], results: ['i32'], body: [memory('i32.load', 8, get(x))] });
    const run = instantiate(moduleOf(factorial, combine, peek));
    assert.deepEqual(
      [0, 3, 4, 5].map((n) => run('combine', n)),
      [17, 6, 24, -1],
    );
    assert.equal(run('peek', 4), 7);
  });

  it('prints the text form', () => {
    assert.equal(
      showFunction(factorial),
      [
        '(func $factorial (export "factorial") (param $n i32) (result i32)',
        '  (local $product i32)',
        '  (local.set $product (i32.const 1))',
        '  (block $done_1',
        '    (loop $again_2',
        '      (br_if $done_1 (i32.eqz (local.get $n)))',
        '      (local.set $product (i32.mul (local.get $product) (local.get $n)))',
        '      (local.set $n (i32.sub (local.get $n) (i32.const 1)))',
        '      (br $again_2)))',
        '  (local.get $product))',
      ].join('\n'),
    );
    assert.match(showModule(moduleOf(factorial)), /^\(module\n\(import "env" "memory" \(memory 1 1\)\)\n\(func /);
  });

  it('gives valid modules and balanced text for every program of the case table', () => {
    for (const { name, program } of programCases)
      for (const shared of [false, true]) {
        const { bytes, module } = emitProgram(program, { shared, relaxedSimd: false, patienceSeconds: 1 });
        assert.isTrue(WebAssembly.validate(bytes), name);
        const text = showModule(module);
        assert.equal(text.split('(').length, text.split(')').length, name);
        assert.notMatch(text, /undefined/, name);
      }
  });
});
