"""The table of eclut by least squares: minutes, no network, no GPU needed.

Before the clip, the result is linear in the table, so the best table is the solution of a sparse
least-squares problem. The unknowns are the windows of `training.eclut.windows`. A run has three
phases, all counted in iterations:

1. ``free``: conjugate gradients without limits;
2. ``limits``: the same, restarted every few iterations; values at a limit of int8 whose step would
   leave it are fixed;
3. ``rounding``: rounds of changes by one, on integers.

At the end values are moved between entries to improve borders (`training.eclut.split`), and the
entries of equal pairs are corrected for constant images (`training.eclut.flats`). Every iteration
passes over all pictures: on a CPU with compiled passes, on CUDA with those in torch.

Modules: ``task`` (the run), ``objective`` and ``solver`` (the mathematics), ``passes`` and
``kernels`` (residuals and their sums on a CPU), ``torch_passes`` (the same for CUDA).
"""
