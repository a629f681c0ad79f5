import { fileURLToPath } from 'node:url';
import { chartSvg } from '#views/chart/chart-svg.ts';
import type { SignalPicture } from '#views/chart/picture.ts';

/** Sharp on a phone, whose pixels are three to a point. */
const ZOOM = 3;
const fonts = [
  import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'),
  import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf'),
];

/**
 * A picture as PNG, with the font that is shipped; fonts of this machine are not looked at. Loads the libraries when
 * first called and holds its thread meanwhile: some 100 ms, several times that on a busy machine.
 */
export async function renderPng(picture: SignalPicture): Promise<Uint8Array> {
  const [svg, { Resvg }] = await Promise.all([chartSvg(picture), import('@resvg/resvg-js')]);
  const font = {
    loadSystemFonts: false,
    fontFiles: fonts.map((url) => fileURLToPath(url)),
    defaultFontFamily: 'DejaVu Sans',
  };
  return new Resvg(svg, { font, fitTo: { mode: 'zoom', value: ZOOM } }).render().asPng();
}
