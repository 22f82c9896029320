import { expect } from 'chai';
import { htmlExpr } from '../../dsl/html.js';
import { input, make, primitives } from '../../dsl/index.js';

describe('expressions in notebooks', () => {
  const x = input('x', ['batch', 3]);
  const compared = primitives.map('less', primitives.literal(0), x);

  it('are code with their shape, escaped', () => {
    expect(htmlExpr(compared)).to.match(/^<code class="sgn-expr">\[0 &lt; x\]: \[batch, 3\]<\/code>$/);
    const hostile = make({ op: 'input', name: '<img src=x onerror="alert(1)">', shape: [] });
    expect(htmlExpr(hostile)).to.not.include('<img');
  });

  it('answer the notebook’s question with text and HTML', () => {
    const display: unknown = Reflect.get(compared, Symbol.for('Jupyter.display'));
    if (typeof display !== 'function') throw new Error('no representation');
    expect(display.call(compared)).to.deep.equal({
      'text/plain': String(compared),
      'text/html': htmlExpr(compared),
    });
  });
});
