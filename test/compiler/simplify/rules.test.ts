import { expect } from 'chai';
import { simplify } from '../../../compiler/simplify/simplify.js';
import { make, postorder } from '../../../dsl/expr.js';
import type { Expr } from '../../../dsl/node.js';
import * as p from '../../../dsl/primitives.js';
import type { Shape } from '../../../dsl/shape.js';
import { evaluated } from '../../support/evaluation.js';

const input = (name: string, shape: Shape): Expr => make({ op: 'input', name, shape });
const x = input('x', [4]);
const y = input('y', [4]);
const c = input('c', [4]);
const m = input('m', ['n', 4]);
const n = input('n', ['n', 4]);
const w = input('w', [4, 3]);
const s = input('s', []);
const { map } = p;
const uniform = (value: number, shape: Shape = [4]): Expr => p.broadcastTo(p.literal(value), shape, []);
const rows = (expr: Expr): Expr => p.broadcastTo(expr, ['n', 4], [1]);

/** A rule by one example: the expression, and the one that must come out, node for node. */
type Example = readonly [rule: string, before: Expr, after: Expr];

const pointwise: readonly Example[] = [
  ['x + 0 = x', map('add', x, uniform(0)), x],
  ['0 + x = x', map('add', uniform(0), x), x],
  ['x + (−y) = x − y', map('add', x, map('neg', y)), map('sub', x, y)],
  ['(−x) + y = y − x', map('add', map('neg', x), y), map('sub', y, x)],
  ['x − 0 = x', map('sub', x, uniform(0)), x],
  ['0 − x = −x', map('sub', uniform(0), x), map('neg', x)],
  ['x − (−y) = x + y', map('sub', x, map('neg', y)), map('add', x, y)],
  ['0 · x = 0 for a truth value x', map('mul', uniform(0), map('less', x, y)), uniform(0)],
  ['x · 0 = 0 for an index x', map('mul', p.iota(4), uniform(0)), uniform(0)],
  ['1 · x = x', map('mul', uniform(1), x), x],
  ['x · 1 = x', map('mul', x, uniform(1)), x],
  ['−1 · x = −x', map('mul', uniform(-1), x), map('neg', x)],
  ['constants stand on the left', map('mul', x, uniform(3)), map('mul', uniform(3), x)],
  ['2 · (3 · x) = 6 · x', map('mul', uniform(2), map('mul', uniform(3), x)), map('mul', uniform(6), x)],
  ['(−x) · y = −(x · y)', map('mul', map('neg', x), y), map('neg', map('mul', x, y))],
  ['x · (−y) = −(x · y)', map('mul', x, map('neg', y)), map('neg', map('mul', x, y))],
  ['(−x) · (−y) = x · y', map('mul', map('neg', x), map('neg', y)), map('mul', x, y)],
  ['x / 1 = x', map('div', x, uniform(1)), x],
  ['(−x) / y = −(x / y)', map('div', map('neg', x), y), map('neg', map('div', x, y))],
  ['−(−x) = x', map('neg', map('neg', x)), x],
  ['true ? x : y = x', map('select', uniform(1), x, y), x],
  ['false ? x : y = y', map('select', uniform(0), x, y), y],
  ['c ? x : x = x', map('select', c, x, x), x],
  ['f(constants) is a constant', map('pow', uniform(2), map('add', uniform(1), uniform(2))), uniform(8)],
  ['f(repeat x) = repeat f(x)', map('exp', rows(x)), rows(map('exp', x))],
  ['f(repeat x, repeat y) = repeat f(x, y)', map('mul', rows(x), rows(y)), rows(map('mul', x, y))],
  [
    'f(repeat x, constant) = repeat f(x, constant)',
    map('max', rows(x), uniform(0, ['n', 4])),
    rows(map('max', x, uniform(0))),
  ],
];

const cube = input('cube', ['n', 3, 2]);

const folds: readonly Example[] = [
  ['Σ 0 = 0', p.reduce('sum', uniform(0), [0]), p.literal(0)],
  ['Σ repeat x = n · x', p.reduce('sum', rows(x), [0]), map('mul', p.broadcastTo(p.size('n'), [4], []), x)],
  [
    'Σ repeat x over all axes = n · Σ x',
    p.reduce('sum', rows(x), [0, 1]),
    map('mul', p.size('n'), p.reduce('sum', x, [0])),
  ],
  ['Σ −x = −Σ x', p.reduce('sum', map('neg', x), [0]), map('neg', p.reduce('sum', x, [0]))],
  ['Σ a ⊙ repeat b is a contraction', p.reduce('sum', map('mul', m, rows(x)), [1]), p.contract(m, [0, 1], x, [1], [0])],
  [
    'Σ a ⊙ b ⊙ repeat c, seen through transposes, does not repeat',
    p.reduce('sum', map('mul', n, p.transpose(p.transpose(map('mul', m, rows(x)), [1, 0]), [1, 0])), [0]),
    map('mul', p.reduce('sum', map('mul', n, m), [0]), x),
  ],
  [
    'Σ xᵀ = (Σ x)ᵀ',
    p.reduce('sum', p.transpose(cube, [2, 0, 1]), [1]),
    p.transpose(p.reduce('sum', cube, [0]), [1, 0]),
  ],
  ['max xᵀ = max x', p.reduce('max', p.transpose(w, [1, 0]), [0]), p.reduce('max', w, [1])],
  ['Σ over joined axes = Σ over each', p.reduce('sum', p.reshape(cube, ['n', 6]), [1]), p.reduce('sum', cube, [1, 2])],
  [
    'Σ over other axes than the joined ones',
    p.reduce('sum', p.reshape(cube, ['n', 6]), [0]),
    p.reshape(p.reduce('sum', cube, [0]), [6]),
  ],
  ['Σ Σ x = Σ x over both', p.reduce('sum', p.reduce('sum', m, [0]), [0]), p.reduce('sum', m, [0, 1])],
  ['max max x = max x over both', p.reduce('max', p.reduce('max', m, [1]), [0]), p.reduce('max', m, [0, 1])],
  [
    'a contraction of truth values with 0 is 0',
    p.contract(map('equal', m, n), [0, 1], uniform(0, [4, 3]), [1, 2], [0, 2]),
    uniform(0, ['n', 3]),
  ],
  [
    'a contraction with 0 stays where the other factor can be infinite or NaN',
    p.contract(m, [0, 1], uniform(0, [4, 3]), [1, 2], [0, 2]),
    p.broadcastTo(map('mul', uniform(0, ['n']), p.reduce('sum', m, [1])), ['n', 3], [0]),
  ],
  [
    '(−A) B = −(A B)',
    p.contract(map('neg', m), [0, 1], w, [1, 2], [0, 2]),
    map('neg', p.contract(m, [0, 1], w, [1, 2], [0, 2])),
  ],
  [
    '(−A)(−B) = A B',
    p.contract(map('neg', m), [0, 1], map('neg', w), [1, 2], [0, 2]),
    p.contract(m, [0, 1], w, [1, 2], [0, 2]),
  ],
  [
    'a contraction absorbs transposes',
    p.contract(p.transpose(w, [1, 0]), [0, 1], m, [2, 1], [2, 0]),
    p.contract(w, [0, 1], m, [2, 0], [2, 1]),
  ],
  [
    'a contraction absorbs repetitions',
    p.contract(rows(x), [0, 1], w, [1, 2], [0, 2]),
    p.broadcastTo(p.contract(x, [0], w, [0, 1], [1]), ['n', 3], [1]),
  ],
  ['a contraction without a sum is a product', p.contract(m, [0, 1], n, [0, 1], [0, 1]), map('mul', m, n)],
];

const windows = [{ axis: 0, size: 2, stride: 2, dilation: 1 }];
const long = input('long', [5]);
const kernel = input('kernel', ['n', 3]);

const movement: readonly Example[] = [
  ['repeat (repeat x) = repeat x', p.broadcastTo(rows(x), [2, 'n', 4], [1, 2]), p.broadcastTo(x, [2, 'n', 4], [2])],
  ['(xᵀ)ᵀ = x', p.transpose(p.transpose(m, [1, 0]), [1, 0]), m],
  ['(repeat x)ᵀ = repeat x', p.transpose(rows(x), [1, 0]), p.broadcastTo(x, [4, 'n'], [0])],
  ['reshape (reshape x) = reshape x', p.reshape(p.reshape(w, [12]), [6, 2]), p.reshape(w, [6, 2])],
  ['reshape there and back = x', p.reshape(p.reshape(w, [12]), [4, 3]), w],
  ['a reshape of a constant is a constant', p.reshape(uniform(2, [4, 3]), [12]), uniform(2, [12])],
  ['a reshape that adds axes repeats', p.reshape(x, [1, 4, 1]), p.broadcastTo(x, [1, 4, 1], [1])],
  ['a slice of a constant is a constant', p.slice(uniform(2), 0, 1, 3), uniform(2, [2])],
  ['a slice of a slice', p.slice(p.slice(long, 0, 1, 5), 0, 1, 3), p.slice(long, 0, 2, 4)],
  ['a slice undoes a pad', p.slice(p.pad(x, 0, 2, 1), 0, 2, 6), x],
  ['a slice within a pad', p.slice(p.pad(x, 0, 2, 1), 0, 3, 5), p.slice(x, 0, 1, 3)],
  ['a slice finds its piece', p.slice(p.concat([x, long], 0), 0, 4, 9), long],
  ['a slice within a piece', p.slice(p.concat([x, long], 0), 0, 5, 7), p.slice(long, 0, 1, 3)],
  ['pads merge', p.pad(p.pad(x, 0, 1, 2), 0, 3, 0), p.pad(x, 0, 4, 2)],
  ['padded zeros are zeros', p.pad(uniform(0), 0, 1, 2), uniform(0, [7])],
  ['constants one after the other', p.concat([uniform(2), uniform(2)], 0), uniform(2, [8])],
  ['all pieces of an array are the array', p.concat([p.slice(long, 0, 0, 2), p.slice(long, 0, 2, 5)], 0), long],
  ['windows of a constant', p.windowed(uniform(2), windows), uniform(2, [2, 2])],
  ['windows side by side are a reshape', p.windowed(x, windows), p.reshape(x, [2, 2])],
  ['… of the part that they cover', p.windowed(long, windows), p.reshape(p.slice(long, 0, 0, 4), [2, 2])],
  ['the adjoint of zeros', p.windowAdjoint(uniform(0, [2, 2]), windows, [5]), uniform(0, [5])],
  [
    'the adjoint of windows side by side',
    p.windowAdjoint(input('v', [2, 2]), windows, [5]),
    p.pad(p.reshape(input('v', [2, 2]), [4]), 0, 0, 1),
  ],
];

const sliding = [{ axis: 0, size: 3, stride: 1, dilation: 1 }];
const tap = { axis: 0, size: 1, stride: 1, dilation: 1 };
const convolution: readonly Example[] = [
  [
    'the data gradient of a convolution is a convolution',
    p.windowAdjoint(p.contract(m, [3, 0], kernel, [3, 1], [0, 1]), sliding, [6]),
    p.contract(
      p.windowed(p.pad(m, 1, 2, 2), [{ axis: 1, size: 3, stride: 1, dilation: -1 }]),
      [3, 0, 1],
      kernel,
      [3, 1],
      [0],
    ),
  ],
  [
    'that of one filter on one channel, a product, too',
    p.windowAdjoint(p.contract(x, [0], long, [1], [0, 1]), [{ axis: 0, size: 5, stride: 1, dilation: 1 }], [8]),
    p.contract(p.windowed(p.pad(x, 0, 4, 4), [{ axis: 0, size: 5, stride: 1, dilation: -1 }]), [0, 1], long, [1], [0]),
  ],
  [
    'that of a convolution with a stride: of the cotangent with zeros in between, and what no window reaches',
    p.windowAdjoint(p.contract(m, [3, 0], kernel, [3, 1], [0, 1]), [{ ...tap, size: 3, stride: 2 }], [10]),
    p.contract(
      p.windowed(
        p.pad(
          p.windowAdjoint(p.broadcastTo(m, ['n', 4, 1], [0, 1]), [{ ...tap, axis: 1, stride: 2 }], ['n', 7]),
          1,
          2,
          3,
        ),
        [{ axis: 1, size: 3, stride: 1, dilation: -1 }],
      ),
      [3, 0, 1],
      kernel,
      [3, 1],
      [0],
    ),
  ],
  [
    'the adjoint of windows takes signs outwards',
    p.windowAdjoint(map('neg', w), [{ ...tap, size: 3 }], [6]),
    map('neg', p.windowAdjoint(w, [{ ...tap, size: 3 }], [6])),
  ],
  [
    'pointwise work is done before axes are joined',
    map('mul', p.reshape(map('exp', w), [12]), input('z', [12])),
    p.reshape(map('mul', map('exp', w), p.reshape(input('z', [12]), [4, 3])), [12]),
  ],
];

/** What a rule must not touch: the expression is its own result. */
const untouched: readonly (readonly [reason: string, expr: Expr])[] = [
  ['0 · x, where x can be infinite or NaN', map('mul', uniform(0), x)],
  ['0 · tanh x, which is NaN where x is', map('mul', uniform(0), map('tanh', x))],
  ['0 / x, where x can be 0 or NaN', map('div', uniform(0), x)],
  ['x − x', map('sub', x, x)],
  ['x / x', map('div', x, x)],
  ['x⁰ of a variable power', map('pow', x, map('mul', uniform(0), y))],
  ['1e30 · (1e30 · x), whose constants overflow', map('mul', uniform(1e30), map('mul', uniform(1e30), x))],
];

const groups = { pointwise, folds, movement, convolution };

describe('simplify, rule by rule', () => {
  for (const [group, examples] of Object.entries(groups))
    describe(group, () => {
      for (const [rule, before, after] of examples)
        it(rule, () => {
          expect(before).not.to.equal(after);
          expect(String(simplify([before])[0])).to.equal(String(after));
          expect(simplify([before])[0]).to.equal(after);
        });
    });

  describe('leaves alone', () => {
    for (const [reason, expr] of untouched) it(reason, () => expect(simplify([expr])[0]).to.equal(expr));
  });

  it('leaves alone what it must: signed zeros, infinities and NaN are constants of their own', () => {
    const reciprocal = (value: number): Expr => map('div', p.literal(1), p.literal(value));
    const [positive, negative] = simplify([reciprocal(0), reciprocal(-0)]);
    expect(positive?.node).to.deep.equal({ op: 'literal', value: Number.POSITIVE_INFINITY });
    expect(negative?.node).to.deep.equal({ op: 'literal', value: Number.NEGATIVE_INFINITY });
  });

  it('does not move a subtraction out of an exponential', () => {
    const shifted = map('exp', map('sub', x, uniform(1e4)));
    expect(simplify([shifted])).to.deep.equal([shifted]);
    expect([...evaluated(shifted, new Map([['x', [1e4, 1e4, 1e4, 1e4]]]))]).to.deep.equal([1, 1, 1, 1]);
  });

  it('reaches a fixed point through rules that feed each other', () => {
    // Σ (0 + 1 · x) ⊙ repeat(−(−y)) = x · y
    const zeros = uniform(0, ['n', 4]);
    const tangled = p.reduce(
      'sum',
      map('mul', map('add', zeros, map('mul', uniform(1, ['n', 4]), m)), rows(map('neg', map('neg', y)))),
      [1],
    );
    expect(simplify([tangled])).to.deep.equal([p.contract(m, [0, 1], y, [1], [0])]);
  });

  it('shares: two ways to write one thing become one', () => {
    const [a, b] = simplify([map('add', s, map('neg', p.literal(0))), map('mul', s, p.literal(1))]);
    expect(a).to.equal(b);
    expect(postorder([a ?? s, b ?? s])).to.have.length(1);
  });
});
