import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import {
  check,
  conv2d,
  dense,
  type Expr,
  flatten,
  gelu,
  globalAveragePool,
  input,
  maxPool2d,
  mlp,
  type NetworkSpec,
  network,
  parameterSpace,
  parseNetwork,
  relu,
  showDslError,
  vgg,
} from '../../dsl/index.js';

const leNet: NetworkSpec = {
  kind: 'vgg',
  layers: [
    { kind: 'conv', filters: 6, kernel: 5 },
    { kind: 'activation', function: 'relu' },
    { kind: 'maxPool', size: 2 },
    { kind: 'conv', filters: 16, kernel: 5 },
    { kind: 'activation', function: 'relu' },
    { kind: 'maxPool', size: 2 },
    { kind: 'fullyConnected', units: 120 },
    { kind: 'activation', function: 'relu' },
    { kind: 'fullyConnected', units: 84 },
    { kind: 'activation', function: 'relu' },
    { kind: 'fullyConnected', units: 10 },
  ],
};

const x = input('x', ['batch', 1, 28, 28]);

const messageOf = (result: E.Either<Parameters<typeof showDslError>[0], unknown>): string =>
  E.isLeft(result) ? showDslError(result.left) : 'no error';

describe('networks as data', () => {
  it('build what the functions build', () => {
    const first = maxPool2d(conv2d(x, { name: '1', filters: 6, kernel: 5, activation: relu }), { size: 2 });
    const second = maxPool2d(conv2d(first, { name: '2', filters: 16, kernel: 5, activation: relu }), { size: 2 });
    const third = dense(flatten(second), { name: '3', units: 120, activation: relu });
    const fourth = dense(third, { name: '4', units: 84, activation: relu });
    expect(network(x, leNet)).to.equal(dense(fourth, { name: '5', units: 10 }));
    expect(
      E.map(({ length }: { readonly length: number }) => length)(parameterSpace([network(x, leNet)])),
    ).to.deep.equal(E.right(44_426));
  });

  it('pass strides, padding, dilation, groups and pools on', () => {
    const image = input('x', ['batch', 4, 16, 16]);
    const spec: NetworkSpec = {
      kind: 'vgg',
      name: 'n',
      layers: [
        { kind: 'conv', filters: 8, kernel: 3, stride: 2, padding: 1, dilation: 2, groups: 4 },
        { kind: 'averagePool', size: 3, stride: 1 },
        { kind: 'activation', function: 'gelu' },
        { kind: 'globalAveragePool' },
      ],
    };
    const convolved: Expr = conv2d(image, {
      name: 'n1',
      filters: 8,
      kernel: 3,
      stride: 2,
      padding: 1,
      dilation: 2,
      groups: 4,
    });
    expect(convolved.shape).to.deep.equal(['batch', 8, 7, 7]);
    expect(network(image, spec).shape).to.deep.equal(['batch', 8]);
    const activated: NetworkSpec = {
      ...spec,
      layers: [
        { kind: 'conv', filters: 8, kernel: 3, stride: 2, padding: 1, dilation: 2, groups: 4 },
        { kind: 'activation', function: 'gelu' },
        { kind: 'globalAveragePool' },
      ],
    };
    expect(network(image, activated)).to.equal(globalAveragePool(gelu(convolved)));
  });

  it('include perceptrons', () => {
    const rows = input('x', ['batch', 13]);
    const spec: NetworkSpec = { kind: 'mlp', hidden: [100, 100], outputs: 1 };
    expect(network(rows, spec)).to.equal(mlp(rows, { hidden: [100, 100], outputs: 1 }));
    expect(network(rows, { ...spec, activation: 'relu' })).to.equal(
      mlp(rows, { hidden: [100, 100], outputs: 1, activation: relu }),
    );
  });

  it('survive JSON', () => {
    const parsed = parseNetwork(JSON.stringify(leNet));
    expect(E.isRight(parsed) && network(x, parsed.right)).to.equal(network(x, leNet));
  });

  it('name the field that is wrong', () => {
    const layer = (fields: object): string =>
      JSON.stringify({ kind: 'vgg', layers: [{ kind: 'maxPool', size: 2 }, fields] });
    const messages = [
      [layer({ kind: 'conv', filters: 0, kernel: 5 }), 'layers[1].filters', 'got 0'],
      [layer({ kind: 'conv', filters: 3.5, kernel: 5 }), 'layers[1].filters', 'got 3.5'],
      [layer({ kind: 'conv', filters: 3 }), 'layers[1].kernel', 'got nothing'],
      [layer({ kind: 'conv', filters: 3, kernel: 2, padding: -1 }), 'layers[1].padding', 'got -1'],
      [layer({ kind: 'conv', filters: 3, kernel: 2, steps: 3 }), 'layers[1]', '"steps"'],
      [layer({ kind: 'activation', function: 'swish' }), 'layers[1].function', 'got "swish"'],
      [layer({ kind: 'attention' }), 'layers[1].kind', 'got "attention"'],
      ['{"kind":"vgg","layers":[]}', 'layers', 'got []'],
      ['{"kind":"mlp","hidden":[4,"5"],"outputs":2}', 'hidden[1]', 'got "5"'],
      ['{"kind":"tree"}', 'kind', 'got "tree"'],
      ['[1]', 'network', 'got [1]'],
      ['{"kind"', 'JSON', 'got "{'],
    ] as const;
    for (const [text, field, actual] of messages) {
      const message = messageOf(parseNetwork(text));
      expect(message).to.match(/^network: /);
      expect(message).to.contain(field);
      expect(message).to.contain(actual);
    }
  });

  it('carry mistakes as values where they are built, with the layer’s place', () => {
    expect(messageOf(check(vgg(x, { kind: 'vgg', layers: [{ kind: 'conv', filters: -1, kernel: 5 }] })))).to.contain(
      'layers[0].filters',
    );
    const tooLarge = vgg(x, {
      kind: 'vgg',
      layers: [
        { kind: 'maxPool', size: 4 },
        { kind: 'conv', filters: 3, kernel: 8 },
      ],
    });
    expect(messageOf(check(tooLarge))).to.equal(
      'conv2d: expected an image no smaller than its windows of 8 × 8, got max[axes 4,5](window[axis 2: size 4, stride 4, dilation 1; axis 3: size 4, stride 4, dilation 1](x)) [batch, 1, 7, 7] (in layers[1] › conv2d 1)',
    );
  });
});
