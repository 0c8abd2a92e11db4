"""Learning where soft modes sit from the local structure of a glass at T = 0."""
