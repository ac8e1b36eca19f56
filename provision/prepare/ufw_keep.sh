# Has ufw refuse what no rule of its own names, for good.
ufw default deny incoming
