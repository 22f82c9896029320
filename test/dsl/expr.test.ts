import { expect } from 'chai';
import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { nameError } from '../../dsl/error.js';
import {
  add,
  check,
  constant,
  type Expr,
  fold,
  freshVariable,
  input,
  invalid,
  make,
  matmul,
  mul,
  operandsOf,
  postorder,
  primitives,
  rewrite,
  substitute,
  sum,
  tanh,
} from '../../dsl/index.js';
import { cpuSeconds } from '../support/cpu.js';
import { mistaken } from './assertions.js';
import { expectClose, valuesOf } from './values.js';

const x = input('x', []);
const y = input('y', []);

/** Random graphs with sharing: every step joins two earlier expressions. */
const graphs = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.boolean()), { minLength: 1, maxLength: 40 }).map((steps) => {
  const known: Expr[] = [x, y, constant(0.5)];
  for (const [i, j, product] of steps) {
    const [a = x, b = x] = [known[i % known.length], known[j % known.length]];
    known.push(product ? tanh(mul(a, b)) : add(a, b));
  }
  return known.at(-1) ?? x;
});

describe('hash-consing', () => {
  it('gives one expression per structure', () => {
    expect(add(x, 1)).to.equal(add(x, 1));
    expect(add(x, 1)).to.not.equal(add(1, x));
    expect(input('x', ['n', 2])).to.equal(input('x', ['n', 2]));
    expect(input('x', ['n', 2])).to.not.equal(input('x', ['n', 3]));
    expect(make({ fn: 'tanh', operands: [x], op: 'map' })).to.equal(make({ op: 'map', fn: 'tanh', operands: [x] }));
  });

  it('tells constants apart that only differ in sign or are not finite', () => {
    expect(constant(-0)).to.not.equal(constant(0));
    expect(constant(Number.NaN)).to.equal(constant(Number.NaN));
    expect(constant(Infinity)).to.not.equal(constant(-Infinity));
    expect(constant(0.1 + 0.2)).to.not.equal(constant(0.3));
  });

  it('is not confused by names', () => {
    expect(input('a', ['b', 'c'])).to.not.equal(make({ op: 'input', name: 'a', shape: ['b,c'] }));
    expect(make({ op: 'input', name: '#1', shape: [] })).to.not.equal(make({ op: 'parameter', name: '#1', shape: [] }));
  });

  it('gives fresh variables that differ', () => {
    expect(freshVariable('v', [])).to.not.equal(freshVariable('v', []));
  });
});

describe('immutability', () => {
  const openObjects = (value: unknown, path: string): readonly string[] => {
    if (typeof value !== 'object' || value === null) return [];
    const inner = Object.entries(value).flatMap(([name, field]) => openObjects(field, `${path}.${name}`));
    return Object.isFrozen(value) ? inner : [path, ...inner];
  };

  it('is deep, through every kind of node', () => {
    const image = input('i', ['batch', 1, 4, 4]);
    const windows = [{ axis: 2, size: 2, stride: 1, dilation: 1 }];
    const exprs = [
      primitives.windowed(image, windows),
      primitives.concat([image, image], 1),
      invalid(nameError('test', 'a', 'b')),
      matmul(input('a', [2, 3]), input('b', [3, 4])),
    ];
    for (const expr of exprs) expect(openObjects(expr, 'expr')).to.deep.equal([]);
  });

  it('leaves what was passed to its owner', () => {
    const shape = ['batch', 3];
    const expr = input('x', shape);
    shape.push('more');
    expect(shape).to.have.length(3);
    expect(expr.shape).to.deep.equal(['batch', 3]);
  });
});

describe('mistakes', () => {
  it('two windows along one axis', () => {
    const window = { axis: 1, size: 2, stride: 1, dilation: 1 };
    const twice = [window, { ...window, size: 3 }];
    mistaken('window', primitives.windowed(input('x', ['batch', 8]), twice));
    mistaken('window', primitives.windowAdjoint(input('y', ['batch', 6, 2, 3]), twice, ['batch', 8]));
  });

  it('travel through every operation to where the expression is checked', () => {
    const wide: Expr = input('x', ['batch', 784]);
    const wrong = matmul(wide, input('W', [20, 10]));
    const root = sum(tanh(add(mul(wrong, 2), input('b', [10]))));
    const checked = check(root);
    expect(E.isLeft(checked) && checked.left).to.deep.equal({
      _tag: 'ShapeError',
      operation: 'matmul',
      expected: 'equal inner dimensions',
      actual: [
        ['batch', 784],
        [20, 10],
      ],
      operands: ['x', 'W'],
      path: [],
    });
  });

  it('do not stop sound expressions', () => {
    expect(check(add(x, y))).to.deep.equal(E.right(add(x, y)));
  });
});

describe('walks', () => {
  it('list every distinct expression once, operands first', () => {
    fc.assert(
      fc.property(graphs, (root) => {
        const order = postorder([root]);
        const position = new Map(order.map((expr, i) => [expr, i]));
        expect(position.size).to.equal(order.length);
        expect(order.at(-1)).to.equal(root);
        for (const [i, expr] of order.entries())
          for (const operand of operandsOf(expr.node)) expect(position.get(operand)).to.be.lessThan(i);
      }),
    );
  });

  it('stop where they are told to', () => {
    const inner = add(x, y);
    expect(postorder([tanh(inner)], (expr) => expr === inner)).to.deep.equal([inner, tanh(inner)]);
  });

  it('fold operands before their users', () => {
    const depths = fold<number>([tanh(add(x, mul(x, y)))], (_, operands) => 1 + Math.max(0, ...operands));
    expect(depths.get(tanh(add(x, mul(x, y))))).to.equal(4);
  });

  it('keep the identity of what does not change', () => {
    fc.assert(
      fc.property(graphs, (root) => {
        expect(rewrite([root], (expr) => expr)[0]).to.equal(root);
      }),
    );
  });

  it('substitute means evaluation with the value of the substitute', () => {
    fc.assert(
      fc.property(graphs, fc.double({ min: -2, max: 2, noNaN: true }), (root, value) => {
        const [replaced = root] = substitute([root], new Map([[y, tanh(x)]]));
        expectClose(valuesOf(replaced, { x: [value], y: [7] }), valuesOf(root, { x: [value], y: [Math.tanh(value)] }));
      }),
    );
  });
});

describe('large graphs', () => {
  const walks = (root: Expr, leaf: Expr, nodes: number): void => {
    expect(cpuSeconds(() => expect(postorder([root])).to.have.length(nodes))).to.be.below(20);
    expect(cpuSeconds(() => expect(rewrite([root], (expr) => expr)[0]).to.equal(root))).to.be.below(20);
    const table = new Map([[leaf, tanh(leaf)]]);
    expect(cpuSeconds(() => expect(substitute([root], table)[0]).to.not.equal(root))).to.be.below(20);
  };

  it('a chain 10 000 deep is built, walked and rewritten', () => {
    const start = input('start', ['batch', 3]);
    const chain = Array.from({ length: 10_000 }).reduce<Expr>((below) => tanh(below), start);
    walks(chain, start, 10_001);
  });

  it('a graph of 100 000 nodes is built, walked and rewritten in seconds', () => {
    const nodes: Expr[] = [input('seed', [])];
    const building = cpuSeconds(() => {
      for (let i = 1; i < 100_000; i++) nodes.push(add(nodes[i - 1] ?? x, nodes[(i * 7919) % i] ?? x));
    });
    expect(building).to.be.below(20);
    walks(nodes.at(-1) ?? x, nodes[0] ?? x, 100_000);
  });
});
