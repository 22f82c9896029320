import { expect } from 'chai';
import { historyCharts } from '../../cli/chart.js';
import type { EpochRecord } from '../../optim/index.js';

const history = (epochs: number): readonly EpochRecord[] =>
  Array.from({ length: epochs }, (_, i) => ({ epoch: i + 1, trainLoss: 1 / (i + 1), seconds: i, stepSize: 1 }));

describe('plots in the terminal', () => {
  const numbersBelow = (epochs: number): readonly string[] => {
    const lines = (historyCharts(history(epochs))[0] ?? '').split('\n');
    const axis = lines.findIndex((line) => line.includes('└'));
    expect(lines[axis + 2]?.trim()).to.equal('epoch'); // one row of numbers
    return lines[axis + 1]?.trim().split(/ +/) ?? [];
  };

  it('number epochs so that the numbers stay apart', () => {
    expect(numbersBelow(2)).to.deep.equal(['1', '2']);
    expect(numbersBelow(10)).to.deep.equal(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']);
    expect(numbersBelow(33)).to.deep.equal(['5', '10', '15', '20', '25', '30']);
    expect(numbersBelow(100)).to.deep.equal(['20', '40', '60', '80', '100']);
    expect(numbersBelow(895)).to.deep.equal(['100', '200', '300', '400', '500', '600', '700', '800']);
  });
});
