"""Ghostscript: a generated PostScript document as pixels, as text and by way of PDF."""

PROGRAMS = ["gs"]

DOCUMENT = r'''%!PS-Adobe-3.0
/line 64 string def
/page {
  /n exch def
  /Times-Roman findfont 11 scalefont setfont
  0 1 45 { /row exch def
    72 720 row 14 mul sub moveto
    (Row ) show row 10 string cvs show ( of page ) show n 10 string cvs show
    ( : the quick brown fox jumps over the lazy dog) show } for
  0 1 60 { /k exch def
    gsave 300 400 translate k 6 mul n add rotate
    k 60 div n 10 div 0.5 setrgbcolor 0 0 moveto 20 0 k 3 mul 80 200 k curveto stroke
    grestore } for
  gsave 100 100 translate 200 200 scale
  64 64 8 [64 0 0 -64 0 64] { 0 1 63 { dup 3 mul n add 255 and line 3 1 roll put } for
    line } image
  grestore
  showpage
} def
1 1 6 { page } for
'''


def run(space):
    common = ["gs", "-q", "-dNOPAUSE", "-dBATCH", "-dSAFER"]
    space.write("work.ps", DOCUMENT)
    space.run(*common, "-sDEVICE=ppmraw", "-r110", "-dNumRenderingThreads=2",
              "-dTextAlphaBits=4", "-dGraphicsAlphaBits=4", "-dMaxBitmap=100000",
              "-sOutputFile=page%d.ppm", "work.ps")
    space.run(*common, "-sDEVICE=pdfwrite", "-sOutputFile=work.pdf", "work.ps")
    space.run(*common, "-sDEVICE=txtwrite", "-sOutputFile=-", "work.pdf")
    space.run(*common, "-sDEVICE=pnggray", "-r60", "-sOutputFile=small%d.png", "work.pdf")
    space.run("sha256sum", *(f"page{n}.ppm" for n in range(1, 7)),
              *(f"small{n}.png" for n in range(1, 7)))
    space.run(*common, "-c", "1 0 div", status=1)
