import { chartOption } from './chart-option.ts';
import type { SignalPicture } from './picture.ts';

/**
 * A picture as an SVG document: nothing but shapes and text, no scripts, links or styles from elsewhere. The same picture
 * gives the same bytes. Loads the chart library when first called.
 */
export async function chartSvg(picture: SignalPicture): Promise<string> {
  const [
    { init, use },
    { LineChart },
    { GraphicComponent, GridComponent, MarkAreaComponent },
    { SVGRenderer },
  ] = await Promise.all([
    import('echarts/core'),
    import('echarts/charts'),
    import('echarts/components'),
    import('echarts/renderers'),
  ]);
  use([LineChart, GridComponent, GraphicComponent, MarkAreaComponent, SVGRenderer]);
  const { width, height, option } = chartOption(picture);
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption(option);
    return bare(chart.renderToSVGString());
  } finally {
    chart.dispose();
  }
}

/**
 * Without the classes and styles for a mouse, and without the number of charts that this process drew before; fonts
 * one property each, as the renderer wants them. Each pattern holds a character that texts hold only escaped.
 */
function bare(svg: string): string {
  return svg
    .replace(/<style[^>]*><!\[CDATA\[[\s\S]*?\]\]>\s*<\/style>/g, '')
    .replace(/ class="zr\d+-cls-\d+"/g, '')
    .replace(/ pointer-events="visible"/g, '')
    .replace(/(<clipPath id="|clip-path="url\(#)zr\d+-/g, '$1')
    .replace(
      / style="font: (\w+) (\w+) ([\d.]+px) ([^"]*)"/g,
      ' style="font-style:$1;font-weight:$2;font-size:$3;font-family:$4"',
    );
}
