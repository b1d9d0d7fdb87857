"""RC-LUT: training of networks that become tables with one and with four indices."""
