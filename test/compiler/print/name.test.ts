import { expect } from 'chai';
import { accented, displayWidth, nameOf, padColumns, showName } from '../../../compiler/print/name.js';

describe('names', () => {
  it('write layers as subscripts, tangents with a dot and derivatives with a prime', () => {
    const w1 = nameOf('W1');
    const z12 = nameOf('z12');
    expect(showName(w1, 'text')).to.equal('W1');
    expect(showName(accented(w1, 'dot'), 'math')).to.equal('Ẇ₁');
    expect(showName(accented(z12, 'dot'), 'latex')).to.equal('\\dot{z}_{12}');
    const sigma = { base: 'σ', index: '', accent: 'none', at: z12 } as const;
    expect([showName(sigma, 'text'), showName(sigma, 'math'), showName(sigma, 'latex')]).to.deep.equal([
      'σ′(z12)',
      'σ′(z₁₂)',
      "\\sigma'(z_{12})",
    ]);
  });

  it('write a piece of a flat vector with its parameter', () => {
    const piece = { base: 'Gv', index: '', accent: 'none', piece: nameOf('W1') } as const;
    expect([showName(piece, 'text'), showName(piece, 'math'), showName(piece, 'latex')]).to.deep.equal([
      'Gv.W1',
      '(Gv)_W₁',
      '(Gv)_{W_{1}}',
    ]);
  });

  it('mark where a value is computed, after which LaTeX can transpose', () => {
    const next = { ...nameOf('z1'), raised: '⁺' };
    expect([showName(next, 'text'), showName(next, 'math'), showName(next, 'latex')]).to.deep.equal([
      'z1⁺',
      'z₁⁺',
      '{z_{1}^{+}}',
    ]);
    expect(showName({ ...next, raised: 'ᶜ' }, 'latex')).to.equal('{z_{1}^{\\mathrm{c}}}');
  });

  it('escape what LaTeX would read', () => {
    const latex = ['my_input', 'share%', 'a\\b', '_', 'x^2', 'two words', 'λ', 'W_out', 'größe'].map((spelled) =>
      showName(nameOf(spelled), 'latex'),
    );
    expect(latex).to.deep.equal([
      '\\text{my\\_input}',
      '\\text{share\\%}',
      '\\text{a\\textbackslash{}b}',
      '\\text{\\_}',
      '\\text{x\\textasciicircum{}2}',
      '\\text{two words}',
      '\\lambda',
      '\\text{W\\_out}',
      '\\text{größe}',
    ]);
  });

  it('take the columns that a terminal shows', () => {
    const dotted = showName(accented(nameOf('δ1'), 'dot'), 'text');
    expect(displayWidth(dotted)).to.equal(2);
    expect(displayWidth(padColumns(dotted, 5))).to.equal(5);
  });
});
